"""Lab 17: Which of these is a ViT?"""
