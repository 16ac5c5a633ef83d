"""Compares pictures in comrec, plain JPEG and other codecs at equal bytes."""

from comrec.apps.compare.compare import CompareRequest, Report, each, failed, row

__all__ = ["CompareRequest", "Report", "each", "failed", "row"]
