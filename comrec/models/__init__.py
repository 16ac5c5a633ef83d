"""The networks, as Keras 3 functional models. Importing this loads Keras."""

from comrec.models.comcnn import build_comcnn
from comrec.models.reccnn import build_reccnn

BUILDERS = {"comcnn": build_comcnn, "reccnn": build_reccnn}

__all__ = ["BUILDERS", "build_comcnn", "build_reccnn"]
