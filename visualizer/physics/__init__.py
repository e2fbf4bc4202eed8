"""Points in the plane that diffuse to a Gaussian and flow back: the idea, without pictures.

Sohl-Dickstein et al. 2015, "Deep Unsupervised Learning using Nonequilibrium Thermodynamics". No Qt.
"""
