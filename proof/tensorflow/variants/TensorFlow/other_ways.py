# By einsum and keras.ops, and with a step that is compiled.

# %% layout
def channels_last(images):
    return np.einsum("nchw->nhwc", images)


def filters_last(w):
    return np.einsum("fchw->hwcf", w)


def rows_last(w, C, H, W):
    order = np.arange(C * H * W).reshape(C, H, W).transpose(1, 2, 0).ravel()
    return w[order]

# %% gradient_tape
def affine_relu(x, w, b):
    return keras.ops.relu(keras.ops.matmul(keras.ops.reshape(x, (x.shape[0], -1)), w) + b)


def affine_relu_gradients(x, w, b, dout):
    x, w, b = (tf.Variable(each) for each in (x, w, b))
    with tf.GradientTape() as tape:
        out = affine_relu(x, w, b)
    gradients = tape.gradient(out, {"x": x, "w": w, "b": b}, output_gradients=dout)
    return gradients["x"], gradients["w"], gradients["b"]

# %% custom_gradient
def numpy_conv(x, w, b, stride, pad):
    caches = []

    @tf.custom_gradient
    def conv(images, filters, b):
        out, cache = conv_forward_fast(images.numpy(), filters.numpy(), b.numpy(), {"stride": stride, "pad": pad})
        caches.append(cache)
        return tf.constant(out), lambda dout: tuple(map(tf.constant, conv_backward_fast(dout.numpy(), caches[-1])))

    # a tape knows how to go back through tf.transpose
    out = conv(tf.transpose(x, (0, 3, 1, 2)), tf.transpose(w, (3, 2, 0, 1)), b)
    return tf.transpose(out, (0, 2, 3, 1))

# %% barebones
def three_layer_convnet(x, params):
    conv_w1, conv_b1, conv_w2, conv_b2, fc_w, fc_b = params
    hidden = keras.ops.relu(keras.ops.conv(x, conv_w1, padding="same", data_format="channels_last") + conv_b1)
    hidden = keras.ops.relu(keras.ops.conv(hidden, conv_w2, padding="same", data_format="channels_last") + conv_b2)
    return tf.einsum("nd,dc->nc", flatten(hidden), fc_w) + fc_b

# %% kaiming
def kaiming_normal(shape):
    weights = keras.random.normal(shape, stddev=float(np.sqrt(2 / np.prod(shape[:-1]))))
    return tf.Variable(weights)


def convnet_params(in_channel, channel_1, channel_2, height, width, num_classes):
    weights = map(
        kaiming_normal, ((5, 5, in_channel, channel_1), (3, 3, channel_1, channel_2), (height * width * channel_2, num_classes))
    )
    return [each for w in weights for each in (w, tf.Variable(tf.zeros(w.shape[-1])))]

# %% descent_step
def train_step(network, params, x, y, learning_rate):
    def loss_of(x, y):
        log_probabilities = tf.nn.log_softmax(network(x, params))
        return -tf.reduce_mean(tf.gather(log_probabilities, y, axis=1, batch_dims=1))

    with tf.GradientTape() as tape:
        loss = loss_of(x, y)
    for param, gradient in zip(params, tape.gradient(loss, params)):
        param.assign_add(-learning_rate * gradient)
    return float(loss)

# %% keras_model
class ThreeLayerConvNet(keras.Model):
    def __init__(self, channel_1=32, channel_2=16, num_classes=10, drop=0.0):
        super().__init__()

        def conv(filters, window):
            start = keras.initializers.VarianceScaling(2.0, mode="fan_in", distribution="untruncated_normal")
            return keras.layers.Conv2D(filters, window, padding="same", activation=tf.nn.relu, kernel_initializer=start)

        self.conv1, self.conv2 = conv(channel_1, 5), conv(channel_2, 3)
        self.fc = keras.layers.Dense(num_classes, kernel_initializer="he_normal")
        self.tail = keras.Sequential([keras.layers.Flatten(), keras.layers.Dropout(drop), self.fc])

    def call(self, x, training=False):
        return self.tail(self.conv2(self.conv1(x)), training=training)

# %% keras_evaluate
def evaluate(model, X, y, metric, batch_size=200):
    metric.reset_state()
    for batch in range(-(-len(X) // batch_size)):
        part = slice(batch * batch_size, (batch + 1) * batch_size)
        metric(y[part], model(X[part], training=False))
    return float(keras.ops.convert_to_numpy(metric.result()))

# %% keras_epoch
def train_epoch(model, optimizer, batches):
    cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            loss = cross_entropy(y, model(x, training=True))
            loss += sum(model.losses)
        weights = model.trainable_weights
        optimizer.apply(tape.gradient(loss, weights), weights)
        return loss

    optimizer.build(model.trainable_weights)
    return [float(step(tf.constant(x), tf.constant(y))) for x, y in batches]

# %% layer_graph
def sequential_convnet(channel_1, channel_2, num_classes, size=32):
    conv1 = keras.layers.Conv2D(channel_1, 5, padding="same", activation=keras.activations.relu)
    conv2 = keras.layers.Conv2D(channel_2, 3, padding="same", activation=keras.activations.relu)
    model = keras.Sequential([conv1, conv2, keras.layers.Flatten(), keras.layers.Dense(num_classes)])
    model.build((None, size, size, 3))
    return model


def residual_convnet(channels, num_classes, size=32, reg=0.0):
    def penalty(w):
        return 0.5 * reg * keras.ops.sum(w**2)

    images = keras.Input((size, size, 3))
    hidden = keras.ops.relu(keras.layers.Conv2D(channels, 3, padding="same", kernel_regularizer=penalty)(images))
    other = keras.layers.Conv2D(channels, 3, padding="same", kernel_regularizer=penalty)(hidden)
    hidden = keras.layers.Flatten()(keras.ops.maximum(keras.layers.add([other, hidden]), 0))
    return keras.Model(images, keras.layers.Dense(num_classes, kernel_regularizer=penalty)(hidden))

# %% keras_compile
def compile_network(model, learning_rate):
    class Scores(keras.losses.Loss):
        def call(self, y_true, y_pred):
            return tf.nn.sparse_softmax_cross_entropy_with_logits(tf.cast(tf.reshape(y_true, [-1]), tf.int32), y_pred)

    model.compile(keras.optimizers.SGD(learning_rate, nesterov=True, momentum=0.9), Scores(), metrics=["acc"])
