"""Training of the bundled model, from public sets to the folder that is shipped.

Needs the ``train`` extra; nothing here is imported at run time.

    data/       what is learnt from: public sets, our own templates, weak negatives; corpus and batches
    network/    what learns: the published encoder, its heads, int8's rounding, a start from a shipped model
    release/    what is shipped: graphs, calibration, exits, figures, card and manifest

``stages`` has the steps of a language in their order, ``loop`` the training loop, ``__main__`` the command.
"""
