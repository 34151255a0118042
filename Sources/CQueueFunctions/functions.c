// The functions in Redis as a text in the program. The C compiler reads files as they are: a resource that SwiftPM embeds
// is an array of numbers in Swift, and takes half a minute to compile.

#include "queue_functions.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const char source[] = {
#embed "../JobQueue/Lua/context.lua"
    , '\n',
#embed "../JobQueue/Lua/jobs.lua"
    , '\n',
#embed "../JobQueue/Lua/reservations.lua"
    , '\n',
#embed "../JobQueue/Lua/capacity.lua"
    , '\n',
#embed "../JobQueue/Lua/unfit.lua"
    , '\n',
#embed "../JobQueue/Lua/placement.lua"
    , '\n',
#embed "../JobQueue/Lua/fleet.lua"
    , '\n',
#embed "../JobQueue/Lua/lanes.lua"
    , '\n',
#embed "../JobQueue/Lua/leadership.lua"
    , '\n',
#embed "../JobQueue/Lua/games.lua"
    , '\n',
#embed "../JobQueue/Lua/containers.lua"
    , '\n',
#embed "../JobQueue/Lua/ending.lua"
    , '\n',
#embed "../JobQueue/Lua/leases.lua"
    , '\n',
#embed "../JobQueue/Lua/parking.lua"
    , '\n',
#embed "../JobQueue/Lua/claiming.lua"
    , '\n',
#embed "../JobQueue/Lua/admission.lua"
    , '\n',
#embed "../JobQueue/Lua/sweep.lua"
    , '\n',
#embed "../JobQueue/Lua/nodes.lua"
    , '\n',
#embed "../JobQueue/Lua/operators.lua"
    , 0};

const char *queue_functions_source(void) { return source; }
