// Labels are part of jobs and events, so whoever imports the contract sees their type.
@_exported public import Labels
