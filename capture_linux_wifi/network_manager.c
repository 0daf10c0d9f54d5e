/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NetworkManager over D-Bus. Each question has a connection of its own, and each call its time
 * limit: also the first ones, to the bus itself, for which dbus_bus_get_private() has none. What
 * the caller gives goes through dbus_validate_utf8(): libdbus ends the program over other text. */
#include "capture_linux_wifi/network_manager.h"

#include <dbus/dbus.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CALL_LIMIT_MS 1000
#define DEFAULT_BUS "unix:path=/var/run/dbus/system_bus_socket"	/* D-Bus specification */
#define NAME "org.freedesktop.NetworkManager"
#define DEVICE NAME ".Device"

/* --- the bus --- */

/* The reply, or NULL with de. Takes over the call, which is NULL when there is no memory. */
static DBusMessage *ask(DBusConnection *c, DBusMessage *call, DBusError *de)
{
	DBusMessage *reply;

	if (!call) {
		dbus_set_error_const(de, DBUS_ERROR_NO_MEMORY, "out of memory");
		return NULL;
	}
	dbus_message_set_auto_start(call, FALSE);
	reply = dbus_connection_send_with_reply_and_block(c, call, CALL_LIMIT_MS, de);
	dbus_message_unref(call);
	return reply;
}

/* Takes over a reply that has one value of that type; false with de when it has not. A text is
 * copied to out, of that size. */
static bool take_text(DBusMessage *reply, int type, char *out, size_t size, DBusError *de)
{
	const char *text;
	bool ok = dbus_message_get_args(reply, de, type, &text, DBUS_TYPE_INVALID);

	if (ok && strlen(text) < size) {
		strcpy(out, text);
	} else if (ok) {
		dbus_set_error_const(de, DBUS_ERROR_INVALID_ARGS, "too long an answer");
		ok = false;
	}
	dbus_message_unref(reply);
	return ok;
}

static void disconnect(DBusConnection *c)
{
	dbus_connection_close(c);
	dbus_connection_unref(c);
}

static bool say_hello(DBusConnection *c, DBusError *de)
{
	char name[256];
	DBusMessage *reply = ask(c, dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS,
								 DBUS_INTERFACE_DBUS, "Hello"), de);

	return reply && take_text(reply, DBUS_TYPE_STRING, name, sizeof(name), de);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* libdbus waits for the end of the authentication before it looks at a call's limit. */
static bool authenticate(DBusConnection *c, DBusError *de)
{
	int64_t end = now_ms() + CALL_LIMIT_MS, now = end - CALL_LIMIT_MS;

	while (!dbus_connection_get_is_authenticated(c) && now < end &&
	       dbus_connection_read_write(c, (int)(end - now)))
		now = now_ms();
	if (dbus_connection_get_is_authenticated(c))
		return true;
	if (dbus_connection_get_is_connected(c))
		dbus_set_error_const(de, DBUS_ERROR_NO_REPLY, "the system bus does not answer");
	else
		dbus_set_error_const(de, DBUS_ERROR_DISCONNECTED, "the system bus hung up");
	return false;
}

/* A connection that nobody shares, and that does not end the program when it ends. */
static DBusConnection *connect_to_bus(DBusError *de)
{
	const char *address = secure_getenv("DBUS_SYSTEM_BUS_ADDRESS");
	DBusConnection *c;

	dbus_connection_set_change_sigpipe(FALSE);
	if (!address || !address[0] || !dbus_validate_utf8(address, NULL))
		address = DEFAULT_BUS;
	c = dbus_connection_open_private(address, de);
	if (c && !(authenticate(c, de) && say_hello(c, de))) {
		disconnect(c);
		c = NULL;
	}
	return c;
}

/* --- NetworkManager --- */

static bool is_running(DBusConnection *c, DBusError *de)
{
	const char *name = NAME;
	DBusMessage *reply, *call = dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS,
								 DBUS_INTERFACE_DBUS,
								 "NameHasOwner");
	dbus_bool_t running = FALSE;

	if (call)
		dbus_message_append_args(call, DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID);
	reply = ask(c, call, de);
	if (!reply)
		return false;
	dbus_message_get_args(reply, de, DBUS_TYPE_BOOLEAN, &running, DBUS_TYPE_INVALID);
	dbus_message_unref(reply);
	return running;
}

/* The path of the device; false, without de when it is not known. */
static bool find_device(DBusConnection *c, const char *interface, char *path, size_t size,
			DBusError *de)
{
	DBusMessage *reply, *call;

	call = dbus_message_new_method_call(NAME, "/org/freedesktop/NetworkManager", NAME,
					    "GetDeviceByIpIface");
	if (call)
		dbus_message_append_args(call, DBUS_TYPE_STRING, &interface, DBUS_TYPE_INVALID);
	reply = ask(c, call, de);
	if (reply)
		return take_text(reply, DBUS_TYPE_OBJECT_PATH, path, size, de);
	if (strstr(de->name, ".UnknownDevice"))
		dbus_error_free(de);
	return false;
}

static DBusMessage *property_call(const char *path, const char *method)
{
	const char *interface = DEVICE, *property = "Managed";
	DBusMessage *call = dbus_message_new_method_call(NAME, path, DBUS_INTERFACE_PROPERTIES,
							 method);

	if (call)
		dbus_message_append_args(call, DBUS_TYPE_STRING, &interface, DBUS_TYPE_STRING,
					 &property, DBUS_TYPE_INVALID);
	return call;
}

/* False also with de. */
static bool get_managed(DBusConnection *c, const char *path, DBusError *de)
{
	DBusMessage *reply = ask(c, property_call(path, "Get"), de);
	DBusMessageIter at, in;
	dbus_bool_t managed = FALSE;
	bool ok = false;

	if (!reply)
		return false;
	if (dbus_message_has_signature(reply, "v")) {
		dbus_message_iter_init(reply, &at);
		dbus_message_iter_recurse(&at, &in);
		ok = dbus_message_iter_get_arg_type(&in) == DBUS_TYPE_BOOLEAN;
	}
	if (ok)
		dbus_message_iter_get_basic(&in, &managed);
	else
		dbus_set_error_const(de, DBUS_ERROR_INVALID_ARGS, "the answer is no boolean");
	dbus_message_unref(reply);
	return managed;
}

static void set_managed(DBusConnection *c, const char *path, bool managed, DBusError *de)
{
	DBusMessage *reply, *call = property_call(path, "Set");
	dbus_bool_t value = managed;
	DBusMessageIter at, in;

	if (call) {
		dbus_message_iter_init_append(call, &at);
		if (!dbus_message_iter_open_container(&at, DBUS_TYPE_VARIANT, "b", &in) ||
		    !dbus_message_iter_append_basic(&in, DBUS_TYPE_BOOLEAN, &value) ||
		    !dbus_message_iter_close_container(&at, &in)) {
			dbus_message_unref(call);
			call = NULL;
		}
	}
	reply = ask(c, call, de);
	if (reply)
		dbus_message_unref(reply);
}

/* --- what we are asked --- */

/* A socket that is not there, or that nobody listens at: there is no bus, nor NetworkManager. */
static bool means_no_bus(const DBusError *de)
{
	return dbus_error_has_name(de, DBUS_ERROR_FILE_NOT_FOUND) ||
	       dbus_error_has_name(de, DBUS_ERROR_NO_SERVER);
}

static enum err_code code_of(const DBusError *de)
{
	if (strstr(de->name, ".AccessDenied") || strstr(de->name, ".PermissionDenied"))
		return ERR_PERMISSION;
	if (dbus_error_has_name(de, DBUS_ERROR_NO_MEMORY))
		return ERR_NO_MEMORY;
	return ERR_SYSTEM;
}

/* A connection and the device's path; NULL without de when NetworkManager has no such device. */
static DBusConnection *reach(const char *interface, char *path, size_t size, DBusError *de)
{
	DBusConnection *c;

	if (!dbus_validate_utf8(interface, NULL))
		return NULL;
	c = connect_to_bus(de);
	if (!c && means_no_bus(de))
		dbus_error_free(de);
	if (!c)
		return NULL;
	if (is_running(c, de) && find_device(c, interface, path, size, de))
		return c;
	disconnect(c);
	return NULL;
}

int network_manager_manages(const char *interface, struct err *e)
{
	DBusError de = DBUS_ERROR_INIT;
	DBusConnection *c;
	char path[256];
	int result;

	c = reach(interface, path, sizeof(path), &de);
	result = c && get_managed(c, path, &de);
	if (c)
		disconnect(c);
	if (dbus_error_is_set(&de))
		result = err_set(e, code_of(&de), "%s: asking NetworkManager: %s", interface,
				 de.message);
	dbus_error_free(&de);
	return result;
}

int network_manager_set_managed(const char *interface, bool managed, struct err *e)
{
	DBusError de = DBUS_ERROR_INIT;
	DBusConnection *c;
	char path[256];
	int result = 0;

	c = reach(interface, path, sizeof(path), &de);
	if (c) {
		set_managed(c, path, managed, &de);
		disconnect(c);
	}
	if (dbus_error_is_set(&de))
		/* The bus's words on a denial are long: what to do stands before them. */
		result = err_set(e, code_of(&de), "%s: NetworkManager does not %s (try as root: "
				 "nmcli device set %s managed %s): %s", interface,
				 managed ? "take it back" : "leave it alone", interface,
				 managed ? "yes" : "no", de.message);
	dbus_error_free(&de);
	return result;
}
