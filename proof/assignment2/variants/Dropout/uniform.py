"""The mask holds numbers that are compared later; Fortran-ordered arrays; the inputs of the layer are kept instead of a mask."""

# %% dropout_forward
def dropout_forward(x, dropout_param):
    p, mode = dropout_param["p"], dropout_param["mode"]
    if "seed" in dropout_param:
        np.random.seed(dropout_param["seed"])
    mask = None
    if mode == "train":
        mask = np.asfortranarray(np.random.uniform(size=x.shape) >= 1 - p)
        out = np.asfortranarray(x * mask * x.dtype.type(1 / p))
    elif mode == "test":
        out = 1 * x
    else:
        raise ValueError(mode)
    return out, (dropout_param, mask)

# %% dropout_backward
def dropout_backward(dout, cache):
    dropout_param, mask = cache
    if dropout_param["mode"] == "test":
        return 1 * dout
    return np.asfortranarray(mask * dout) / dropout_param["p"]

# %% fully_connected_net_dropout
class FullyConnectedNet(NormalizedNet):
    can_drop_out = True

    def __init__(self, hidden_dims, *args, **settings):
        super().__init__(hidden_dims, *args, **settings)
        self.use_dropout = self.dropout_keep_ratio < 1
        self.dropout_param = {"p": self.dropout_keep_ratio}
        if self.seed is not None:
            self.dropout_param["seed"] = self.seed

    def hidden_forward(self, i, x):
        out, cache = super().hidden_forward(i, x)
        if self.use_dropout:
            param = dict(self.dropout_param)
            param["mode"] = self.mode
            if "seed" in param:
                param["seed"] += i  # another mask for each layer, the same at every call
            out, dropout_cache = dropout_forward(out, param)
            cache = {"layer": cache, "dropout": dropout_cache}
        return out, cache

    def hidden_backward(self, i, dout, cache):
        if self.use_dropout:
            return super().hidden_backward(i, dropout_backward(dout, cache["dropout"]), cache["layer"])
        return super().hidden_backward(i, dout, cache)
