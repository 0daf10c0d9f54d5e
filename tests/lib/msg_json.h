/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A message as the JSON of a recorded conversation's listing, to compare the two. */
#ifndef TESTS_LIB_MSG_JSON_H
#define TESTS_LIB_MSG_JSON_H

#include <json-c/json.h>

#include "protocol/msg.h"

/* The fields of m by the names that its generation has for them; to be freed by the caller. NULL
 * when there are none. */
struct json_object *msg_json(enum frame_gen gen, const struct msg *m);

#endif
