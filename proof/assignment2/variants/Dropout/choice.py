"""Masks from np.random.choice, entry by entry, in loops where that is slower."""

# %% dropout_forward
def dropout_forward(x, dropout_param):
    p, mode = dropout_param["p"], dropout_param["mode"]
    if "seed" in dropout_param:
        np.random.seed(dropout_param["seed"])
    if mode == "test":
        return x, (dropout_param, None)
    if mode != "train":
        raise ValueError(mode)
    dropped = np.random.choice([True, False], size=x.shape, p=[1 - p, p])
    out = x.copy()
    out[dropped] = 0
    out /= p
    return out, (dropout_param, dropped)

# %% dropout_backward
def dropout_backward(dout, cache):
    dropout_param, dropped = cache
    dx = dout.copy()
    if dropout_param["mode"] == "train":
        dx[dropped] = 0
        dx /= dropout_param["p"]
    return dx

# %% fully_connected_net_dropout
class FullyConnectedNet(NormalizedNet):
    can_drop_out = True

    def __init__(self, hidden_dims, *args, **settings):
        super().__init__(hidden_dims, *args, **settings)
        self.use_dropout = self.dropout_keep_ratio != 1
        self.dropout_param = {"p": self.dropout_keep_ratio}
        if self.seed is not None:
            self.dropout_param["seed"] = self.seed
        self.dropped = {}

    def hidden_forward(self, i, x):
        self.dropout_param["mode"] = self.mode
        out, cache = super().hidden_forward(i, x)
        out, self.dropped[i] = dropout_forward(out, self.dropout_param)
        return out, cache

    def hidden_backward(self, i, dout, cache):
        return super().hidden_backward(i, dropout_backward(dout, self.dropped[i]), cache)
