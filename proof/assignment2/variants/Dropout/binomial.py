"""Masks from np.random.binomial, and the division kept apart from the mask."""

# %% dropout_forward
def dropout_forward(x, dropout_param):
    p, mode = dropout_param["p"], dropout_param["mode"]
    if "seed" in dropout_param:
        np.random.seed(dropout_param["seed"])
    mask = None
    if mode == "train":
        mask = np.random.binomial(1, p, size=x.shape)
        out = np.where(mask, x, 0) / p
    elif mode == "test":
        out = x.copy()
    else:
        raise ValueError(mode)
    return out.astype(x.dtype), (dropout_param, mask)

# %% dropout_backward
def dropout_backward(dout, cache):
    dropout_param, mask = cache
    if dropout_param["mode"] == "train":
        return (dout * mask / dropout_param["p"]).astype(dout.dtype)
    return dout

# %% fully_connected_net_dropout
class FullyConnectedNet(NormalizedNet):
    """Keeps the mode in dropout_param, as CS231n does."""

    can_drop_out = True

    def __init__(self, hidden_dims, *args, **settings):
        super().__init__(hidden_dims, *args, **settings)
        self.use_dropout = self.dropout_keep_ratio != 1
        self.dropout_param = {"mode": "train", "p": self.dropout_keep_ratio}
        if self.seed is not None:
            self.dropout_param["seed"] = self.seed

    def loss(self, X, y=None):
        self.dropout_param["mode"] = "test" if y is None else "train"
        return super().loss(X, y)

    def hidden_forward(self, i, x):
        out, cache = super().hidden_forward(i, x)
        if not self.use_dropout:
            return out, (cache,)
        out, dropped = dropout_forward(out, self.dropout_param)
        return out, (cache, dropped)

    def hidden_backward(self, i, dout, cache):
        for dropped in cache[1:]:
            dout = dropout_backward(dout, dropped)
        return super().hidden_backward(i, dout, cache[0])
