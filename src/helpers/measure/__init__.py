"""What the course measures: accuracy, cost, receptive fields, attention, explanations, similarity.

Import the module that is needed (``from helpers.measure import accuracy``); nothing is imported here, so that
reading accuracies never loads torch.
"""
