"""What is timed, the convolution that bounds it, and how it is told."""
