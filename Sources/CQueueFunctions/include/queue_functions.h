#pragma once

/// Returns the text of all modules in Sources/JobQueue/Lua, in the order of their dependencies.
const char *queue_functions_source(void);
