"""The Destroy page: noise destroys a picture, and the model turns it round."""
