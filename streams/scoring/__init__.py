"""From texts to scored texts: sentiment and risks by the model, findings by the rules."""
