# In small steps, and with NumPy where no tape has to see it.

# %% layout
def channels_last(images):
    N, C, H, W = images.shape
    out = np.empty((N, H, W, C), images.dtype)
    for channel in range(C):
        out[..., channel] = images[:, channel]
    return out


def filters_last(w):
    F, C, HH, WW = w.shape
    out = np.empty((HH, WW, C, F), w.dtype)
    for f in range(F):
        for c in range(C):
            out[:, :, c, f] = w[f, c]
    return out


def rows_last(w, C, H, W):
    out = np.empty_like(w)
    for c in range(C):
        for pixel in range(H * W):
            out[pixel * C + c] = w[c * H * W + pixel]
    return out

# %% gradient_tape
def affine_relu(x, w, b):
    size = 1
    for each in x.shape[1:]:
        size *= each
    scores = tf.matmul(tf.reshape(x, (len(x), size) if not isinstance(x, tf.Variable) else (x.shape[0], size)), w)
    scores = scores + b
    return tf.where(scores > 0, scores, tf.zeros_like(scores))


def affine_relu_gradients(x, w, b, dout):
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        tape.watch(w)
        tape.watch(b)
        out = affine_relu(x, w, b)
    dx = tape.gradient(out, x, dout)
    dw = tape.gradient(out, w, dout)
    db = tape.gradient(out, b, dout)
    return dx, dw, db

# %% custom_gradient
def numpy_conv(x, w, b, stride, pad):
    conv_param = {"stride": stride, "pad": pad}

    @tf.custom_gradient
    def conv(x, w, b):
        x, w, b = x.numpy(), w.numpy(), b.numpy()
        images = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
        filters = np.ascontiguousarray(w.transpose(3, 2, 0, 1))
        out, _ = conv_forward_fast(images, filters, b, conv_param)

        def backward(dout):
            _, cache = conv_forward_fast(images, filters, b, conv_param)
            dx, dw, db = conv_backward_fast(np.ascontiguousarray(dout.numpy().transpose(0, 3, 1, 2)), cache)
            return [tf.constant(dx.transpose(0, 2, 3, 1)), tf.constant(dw.transpose(2, 3, 1, 0)), tf.constant(db)]

        return tf.constant(out.transpose(0, 2, 3, 1)), backward

    return conv(x, w, b)

# %% barebones
def three_layer_convnet(x, params):
    conv_w1, conv_b1, conv_w2, conv_b2, fc_w, fc_b = params
    padded = tf.pad(x, [[0, 0], [2, 2], [2, 2], [0, 0]])
    hidden = tf.nn.relu(tf.nn.conv2d(padded, conv_w1, strides=1, padding="VALID") + conv_b1)
    padded = tf.pad(hidden, [[0, 0], [1, 1], [1, 1], [0, 0]])
    hidden = tf.nn.relu(tf.nn.conv2d(padded, conv_w2, strides=1, padding="VALID") + conv_b2)
    rows = tf.reshape(hidden, (hidden.shape[0], fc_w.shape[0]))
    scores = tf.matmul(rows, fc_w)
    return scores + fc_b

# %% kaiming
def kaiming_normal(shape):
    if len(shape) == 2:
        fan_in = shape[0]
    else:
        fan_in = shape[0] * shape[1] * shape[2]
    std = tf.sqrt(2.0 / tf.cast(fan_in, tf.float32))
    return tf.Variable(std * tf.random.normal(shape))


def convnet_params(in_channel, channel_1, channel_2, height, width, num_classes):
    conv_w1 = kaiming_normal([5, 5, in_channel, channel_1])
    conv_b1 = tf.Variable(np.zeros(channel_1, np.float32))
    conv_w2 = kaiming_normal([3, 3, channel_1, channel_2])
    conv_b2 = tf.Variable(np.zeros(channel_2, np.float32))
    fc_w = kaiming_normal([height * width * channel_2, num_classes])
    fc_b = tf.Variable(np.zeros(num_classes, np.float32))
    return [conv_w1, conv_b1, conv_w2, conv_b2, fc_w, fc_b]

# %% descent_step
def train_step(network, params, x, y, learning_rate):
    with tf.GradientTape() as tape:
        scores = network(x, params)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(y, scores)
        loss = tf.reduce_sum(losses) / x.shape[0]
    gradients = tape.gradient(loss, params)
    for i in range(len(params)):
        params[i].assign_sub(gradients[i] * learning_rate)
    return float(loss.numpy())

# %% keras_model
class ThreeLayerConvNet(keras.Model):
    def __init__(self, channel_1=32, channel_2=16, num_classes=10, drop=0.0):
        super().__init__()
        options = {"padding": "same", "kernel_initializer": "he_normal", "bias_initializer": "zeros"}
        self.conv1 = keras.layers.Conv2D(channel_1, 5, **options)
        self.relu1 = keras.layers.ReLU()
        self.conv2 = keras.layers.Conv2D(channel_2, 3, **options)
        self.relu2 = keras.layers.ReLU()
        self.flatten = keras.layers.Flatten()
        self.fc = keras.layers.Dense(num_classes, kernel_initializer="he_normal", bias_initializer="zeros")
        self.rate = drop

    def call(self, x, training=False):
        hidden = self.relu1(self.conv1(x))
        hidden = self.relu2(self.conv2(hidden))
        hidden = self.flatten(hidden)
        if training and self.rate:
            hidden = tf.nn.dropout(hidden, self.rate)
        return self.fc(hidden)

# %% keras_evaluate
def evaluate(model, X, y, metric, batch_size=200):
    metric.reset_state()
    first = 0
    while first < len(y):
        last = min(first + batch_size, len(y))
        scores = model(tf.convert_to_tensor(X[first:last]), training=False)
        metric.update_state(tf.convert_to_tensor(y[first:last]), scores)
        first = last
    return float(metric.result().numpy())

# %% keras_epoch
def train_epoch(model, optimizer, batches):
    losses = []
    for x, y in batches:
        with tf.GradientTape() as tape:
            scores = model(x, training=True)
            loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(y, scores, from_logits=True))
            for penalty in model.losses:
                loss += penalty
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        losses.append(float(loss.numpy()))
    return losses

# %% layer_graph
def sequential_convnet(channel_1, channel_2, num_classes, size=32):
    layers = [keras.Input(shape=(size, size, 3))]
    layers.append(keras.layers.Conv2D(channel_1, kernel_size=5, strides=1, padding="same"))
    layers.append(keras.layers.Activation("relu"))
    layers.append(keras.layers.Conv2D(channel_2, kernel_size=3, strides=1, padding="same"))
    layers.append(keras.layers.Activation("relu"))
    layers.append(keras.layers.Reshape((size * size * channel_2,)))
    layers.append(keras.layers.Dense(num_classes))
    return keras.Sequential(layers)


def residual_convnet(channels, num_classes, size=32, reg=0.0):
    images = keras.Input(shape=(size, size, 3))
    first = keras.layers.Conv2D(channels, 3, padding="same", kernel_regularizer=keras.regularizers.L2(reg / 2))
    second = keras.layers.Conv2D(channels, 3, padding="same", kernel_regularizer=keras.regularizers.L2(reg / 2))
    last = keras.layers.Dense(num_classes, kernel_regularizer=keras.regularizers.L2(reg / 2))
    before = keras.layers.ReLU()(first(images))
    after = keras.layers.ReLU()(second(before) + before)
    return keras.Model(images, last(keras.layers.Reshape((size * size * channels,))(after)))

# %% keras_compile
def compile_network(model, learning_rate):
    model.compile(
        loss=lambda y, scores: keras.losses.sparse_categorical_crossentropy(y, scores, from_logits=True),
        optimizer=keras.optimizers.SGD(learning_rate, 0.9, True),
        metrics=["sparse_categorical_accuracy"],
    )
