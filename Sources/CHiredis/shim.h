#ifndef RTMANAGER_CHIREDIS_SHIM_H
#define RTMANAGER_CHIREDIS_SHIM_H

#include <hiredis/hiredis.h>
#include <hiredis/read.h>

#endif
