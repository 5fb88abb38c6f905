"""What training minimises: losses over tensors, without files, models or data sets."""
