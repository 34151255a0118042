// Labels are part of the port's values, so whoever imports the port sees their type.
@_exported public import Labels
