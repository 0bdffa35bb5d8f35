"""What is learnt from: labelled and unlabelled texts, as arrays of token ids and labels."""
