# %% nearest_center
def nearest_center(X, centers):
    nearest = np.zeros(len(X), dtype=int)
    for n, x in enumerate(X):
        nearest[n] = np.argmin([sum((x - c) ** 2) for c in centers])
    return nearest

# %% new_centers
def new_centers(X, nearest, centers):
    groups = [X[nearest == k] for k in range(len(centers))]
    return np.array([np.sum(g, axis=0) / len(g) if len(g) else c for g, c in zip(groups, centers)])
