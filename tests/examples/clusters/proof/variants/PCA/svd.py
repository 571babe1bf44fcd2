# %% components
def components(X, k):
    return np.linalg.svd(X - X.mean(axis=0))[2][:k]
