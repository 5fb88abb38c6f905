"""What an adversary does to get at protected photos: filters over the pixels, and changes of the model itself."""
