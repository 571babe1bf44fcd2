# By other functions of TensorFlow's and Keras'.

# %% layout
def channels_last(images):
    return np.moveaxis(images, 1, -1)


def filters_last(w):
    return np.moveaxis(w, (0, 1), (3, 2))


def rows_last(w, C, H, W):
    return np.moveaxis(w.reshape(C, H * W, -1), 0, 1).reshape(H * W * C, -1)

# %% gradient_tape
def affine_relu(x, w, b):
    return tf.maximum(tf.tensordot(tf.reshape(x, [tf.shape(x)[0], -1]), w, 1) + b, 0)


def affine_relu_gradients(x, w, b, dout):
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        for each in (x, w, b):
            tape.watch(each)
        loss = tf.reduce_sum(affine_relu(x, w, b) * dout)
    return tape.gradient(loss, (x, w, b))

# %% custom_gradient
def numpy_conv(x, w, b, stride, pad):
    def channels_first(tensor):
        return np.moveaxis(np.asarray(tensor), -1, 1)

    @tf.custom_gradient
    def operation(x, w, b):
        filters = np.moveaxis(np.asarray(w), (3, 2), (0, 1))
        out, cache = conv_forward_fast(channels_first(x), filters, np.asarray(b), {"stride": stride, "pad": pad})

        def grad(upstream):
            dx, dw, db = conv_backward_fast(channels_first(upstream), cache)
            return [tf.constant(each) for each in (np.moveaxis(dx, 1, -1), np.moveaxis(dw, (0, 1), (3, 2)), db)]

        return tf.convert_to_tensor(np.moveaxis(out, 1, -1)), grad

    return operation(x, w, b)

# %% barebones
def three_layer_convnet(x, params):
    for w, b in (params[:2], params[2:4]):
        x = tf.maximum(tf.nn.bias_add(tf.nn.conv2d(x, w, [1, 1, 1, 1], padding="SAME"), b), 0)
    return tf.matmul(flatten(x), params[4]) + params[5]

# %% kaiming
def kaiming_normal(shape):
    fan_in = 1
    for size in shape[:-1]:
        fan_in *= size
    return tf.Variable(tf.random.normal(shape, 0.0, (2 / fan_in) ** 0.5), trainable=True)


def convnet_params(in_channel, channel_1, channel_2, height, width, num_classes):
    params = []
    for shape in ((5, 5, in_channel, channel_1), (3, 3, channel_1, channel_2), (height * width * channel_2, num_classes)):
        params += [kaiming_normal(shape), tf.Variable(tf.zeros(shape[-1:]))]
    return params

# %% descent_step
def train_step(network, params, x, y, learning_rate):
    with tf.GradientTape() as tape:
        scores = network(x, params)
        loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(y, scores, from_logits=True))
    for param, gradient in zip(params, tape.gradient(loss, params), strict=True):
        param.assign(param - learning_rate * gradient)
    return loss.numpy().item()

# %% keras_model
class ThreeLayerConvNet(keras.Model):
    def __init__(self, channel_1=32, channel_2=16, num_classes=10, drop=0.0):
        super().__init__()
        start = keras.initializers.HeNormal
        self.fc = keras.layers.Dense(num_classes, kernel_initializer=start())
        self.conv1 = keras.layers.Conv2D(channel_1, (5, 5), padding="same", kernel_initializer=start())
        self.conv2 = keras.layers.Conv2D(channel_2, (3, 3), padding="same", kernel_initializer=start())
        self.drop = keras.layers.Dropout(drop)

    def call(self, x, training=False):
        hidden = tf.nn.relu(self.conv2(tf.nn.relu(self.conv1(x))))
        return self.fc(self.drop(keras.layers.Flatten()(hidden)))

# %% keras_evaluate
def evaluate(model, X, y, metric, batch_size=200):
    metric.reset_state()
    for images, labels in tf.data.Dataset.from_tensor_slices((X, y)).batch(batch_size):
        metric.update_state(labels, model(images, training=False))
    return metric.result().numpy().item()

# %% keras_epoch
def train_epoch(model, optimizer, batches):
    losses = []
    for x, y in batches:
        with tf.GradientTape() as tape:
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(y, model(x, training=True))
            loss = tf.add_n([tf.reduce_mean(each), *model.losses])
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        losses.append(loss.numpy().item())
    return losses

# %% layer_graph
def sequential_convnet(channel_1, channel_2, num_classes, size=32):
    model = keras.Sequential()
    model.add(keras.layers.InputLayer(shape=(size, size, 3)))
    for filters, window in ((channel_1, 5), (channel_2, 3)):
        model.add(keras.layers.Conv2D(filters, window, padding="same"))
        model.add(keras.layers.ReLU())
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(num_classes))
    return model


def residual_convnet(channels, num_classes, size=32, reg=0.0):
    def conv():
        return keras.layers.Conv2D(channels, 3, padding="same", kernel_regularizer=keras.regularizers.l2(reg / 2))

    images = keras.layers.Input(shape=(size, size, 3))
    hidden = keras.layers.Activation("relu")(conv()(images))
    hidden = keras.layers.Activation("relu")(keras.layers.Add()([hidden, conv()(hidden)]))
    scores = keras.layers.Dense(num_classes, kernel_regularizer=keras.regularizers.l2(reg / 2))
    return keras.Model(inputs=images, outputs=scores(keras.layers.Flatten()(hidden)))

# %% keras_compile
def compile_network(model, learning_rate):
    optimizer = keras.optimizers.SGD(learning_rate=learning_rate, momentum=0.9, nesterov=True)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, metrics=[keras.metrics.SparseCategoricalAccuracy()])
