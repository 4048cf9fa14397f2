"""Features to an embedding in the text space, a medium and a confidence: what the recipe fits, and how it is applied."""

import numpy as np


def unit(rows):
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)


def directions(pooled):
    """Pooled features, which are never negative, as unit vectors of their square roots: a few strong channels no longer drown the many weak."""
    return unit(np.sqrt(np.maximum(pooled, 0)))


def softmax(logits):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def conse(logits, class_embeddings, likeliest):
    """ConSE (Norouzi 2014): the mean of the likeliest classes' embeddings, weighted by their probabilities."""
    probabilities = softmax(logits.astype(np.float32))
    chosen = np.argsort(-probabilities, axis=1, kind="stable")[:, :likeliest]
    weights = np.take_along_axis(probabilities, chosen, 1)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.einsum("nk,nkd->nd", weights, class_embeddings[chosen])


def ridge(features, targets, penalty, weights=None):
    """Centred ridge regression: the matrix [width, features], the mean of the features and the mean of the targets."""
    weights = np.ones(len(features)) if weights is None else weights
    share = (weights / weights.sum())[:, None]
    mean, target = (features * share).sum(0), (targets * share).sum(0)
    x = (features - mean).astype(np.float64) * np.sqrt(weights)[:, None]
    y = (targets - target).astype(np.float64) * np.sqrt(weights)[:, None]
    solution = np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ y)
    return solution.T.astype(np.float32), mean.astype(np.float32), target.astype(np.float32)


def logistic(features, labels, penalty, weights=None, rounds=60):
    """Logistic regression by L-BFGS; multinomial when labels are whole numbers above one. Returns the coefficients and the intercepts."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1 / penalty, max_iter=rounds).fit(features, labels, sample_weight=weights)
    return model.coef_, model.intercept_


class Head:
    """Reads head.safetensors and config.json's numbers and applies them, as the Swift tower does."""

    def __init__(self, tensors, config):
        self.tensors = {name: np.asarray(tensor, dtype=np.float32) for name, tensor in tensors.items()}
        self.config = config

    def embed(self, pooled, logits):
        projected = unit(directions(pooled) @ self.tensors["projection.weight"].T + self.tensors["projection.bias"])
        named = unit(conse(logits, self.tensors["class_embeddings"], self.config["likeliestClasses"]))
        return unit(self.config["projectionWeight"] * projected + self.config["classWeight"] * named)

    def mediums(self, pooled):
        return softmax(pooled @ self.tensors["medium.weight"].T + self.tensors["medium.bias"])
