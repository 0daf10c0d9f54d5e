# SPDX-License-Identifier: GPL-2.0-or-later
# The macros of configure.ac: compiler flags, libraries, and the parts that get built.

# SUITE_CC_FLAG(VARIABLE, FLAG...)
# Appends each FLAG to VARIABLE when the compiler takes it without a warning.
AC_DEFUN([SUITE_CC_FLAG], [dnl
for suite_flag in $2; do
	AS_VAR_PUSHDEF([cache], [suite_cv_cc_$suite_flag])
	AC_CACHE_CHECK([whether $CC takes $suite_flag], [cache], [dnl
		suite_save_CFLAGS=$CFLAGS
		CFLAGS="$CFLAGS -Werror $suite_flag"
		AC_COMPILE_IFELSE([AC_LANG_SOURCE([[#include <string.h>
			int main(void) { return (int)strlen(""); }]])],
			[AS_VAR_SET([cache], [yes])], [AS_VAR_SET([cache], [no])])
		CFLAGS=$suite_save_CFLAGS])
	AS_VAR_IF([cache], [yes], [AS_VAR_APPEND([$1], [" $suite_flag"])])
	AS_VAR_POPDEF([cache])
done
])

# SUITE_LD_FLAG(VARIABLE, FLAG...)
# Appends each FLAG to VARIABLE when a program links with it.
AC_DEFUN([SUITE_LD_FLAG], [dnl
for suite_flag in $2; do
	AS_VAR_PUSHDEF([cache], [suite_cv_ld_$suite_flag])
	AC_CACHE_CHECK([whether the linker takes $suite_flag], [cache], [dnl
		suite_save_LDFLAGS=$LDFLAGS
		LDFLAGS="$LDFLAGS $suite_flag"
		AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
			[AS_VAR_SET([cache], [yes])], [AS_VAR_SET([cache], [no])])
		LDFLAGS=$suite_save_LDFLAGS])
	AS_VAR_IF([cache], [yes], [AS_VAR_APPEND([$1], [" $suite_flag"])])
	AS_VAR_POPDEF([cache])
done
])

# SUITE_PKG_CONFIG
# Finds pkg-config (HOST-pkg-config in a cross build). PKG_CONFIG="pkg-config --static" may be given.
AC_DEFUN([SUITE_PKG_CONFIG], [dnl
AC_ARG_VAR([PKG_CONFIG], [pkg-config program, with its options])
AC_ARG_VAR([PKG_CONFIG_PATH], [more folders with .pc files])
AC_ARG_VAR([PKG_CONFIG_LIBDIR], [folders with .pc files instead of the usual ones])
AC_CHECK_TOOL([PKG_CONFIG], [pkg-config])
])

# SUITE_LIB_TRY(ID, HEADER, FUNCTION)
# Sets suite_links to yes when a program that names FUNCTION links with ID_CFLAGS and ID_LIBS.
AC_DEFUN([SUITE_LIB_TRY], [dnl
suite_save_CPPFLAGS=$CPPFLAGS
suite_save_LIBS=$LIBS
CPPFLAGS="$CPPFLAGS $$1_CFLAGS"
LIBS="$$1_LIBS $LIBS"
AC_LINK_IFELSE([AC_LANG_SOURCE([[
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <$2>
static void (*volatile p)(void) = (void (*)(void))$3;
int main(void) { return p == NULL; }]])], [suite_links=yes], [suite_links=no])
CPPFLAGS=$suite_save_CPPFLAGS
LIBS=$suite_save_LIBS
])

# SUITE_LIB_FIND(ID, MODULES, HEADER, FUNCTION, LINK)
# Sets have_ID, ID_CFLAGS and ID_LIBS, or why_ID. Values given by the user come first, then the first
# of the pkg-config MODULES that exists. Only where there is no pkg-config, and on macOS, whose own
# libraries have no .pc files, the bare LINK flags are tried.
AC_DEFUN([SUITE_LIB_FIND], [dnl
suite_module=
suite_how=
if test -n "$$1_LIBS"; then
	suite_how="the flags given in $1_LIBS"
elif test -n "$PKG_CONFIG"; then
	for suite_try in $2; do
		if $PKG_CONFIG --exists "$suite_try" >&AS_MESSAGE_LOG_FD 2>&1; then
			suite_module=$suite_try
			break
		fi
	done
	if test -n "$suite_module"; then
		suite_how="pkg-config module $suite_module"
		test -n "$$1_CFLAGS" || $1_CFLAGS=`$PKG_CONFIG --cflags "$suite_module"`
		$1_LIBS=`$PKG_CONFIG --libs "$suite_module"`
	fi
fi
if test -z "$suite_how"; then
	AS_CASE(["$PKG_CONFIG:$host_os"], [:*|*:darwin*], [suite_how="$5"; $1_LIBS="$5"])
fi
if test -z "$suite_how"; then
	why_$1="pkg-config knows no $2"
else
	SUITE_LIB_TRY([$1], [$3], [$4])
	if test "$suite_links" = yes; then
		have_$1=yes
	else
		why_$1="$4() does not link with $suite_how"
	fi
fi
])

# SUITE_LIB(ID, NAME, WHAT-FOR, MODULES, HEADER, FUNCTION, LINK, DEBIAN, OPENWRT, HOMEBREW)
# One library. --with-NAME makes its absence an error, --without-NAME keeps it out, and by default
# it is used when it is there. Outcome: HAVE_ID in config.h and in the Makefile (yes or no),
# ID_CFLAGS, ID_LIBS. DEBIAN, OPENWRT and HOMEBREW are the names of the packages to install.
AC_DEFUN([SUITE_LIB], [dnl
AC_ARG_WITH([$2], [AS_HELP_STRING([--with-$2], [$3 (default: when found)])],
	[], [AS_VAR_SET([with_]m4_translit([$2], [-.+], [___]), [auto])])
AC_ARG_VAR([$1_CFLAGS], [compiler flags for $2, overriding pkg-config])
AC_ARG_VAR([$1_LIBS], [linker flags for $2, overriding pkg-config])
have_$1=no
why_$1="--without-$2"
name_$1="$2"
hint_$1="install m4_if([$8], [-], [its development files], [$8 (Debian)])dnl
m4_if([$9], [-], [], [, $9 (OpenWrt)])m4_if([$10], [-], [], [ or $10 (Homebrew)])"
AC_MSG_CHECKING([for $2])
AS_VAR_COPY([suite_with], [with_]m4_translit([$2], [-.+], [___]))
if test "$suite_with" != no; then
	why_$1=
	SUITE_LIB_FIND([$1], [$4], [$5], [$6], [$7])
fi
if test "$have_$1" = no; then
	$1_CFLAGS= $1_LIBS=
	AC_MSG_RESULT([no: $why_$1])
	test "$suite_with" != yes ||
		AC_MSG_ERROR([--with-$2: $why_$1; $hint_$1])
else
	AC_MSG_RESULT([yes, $suite_how])
	AC_DEFINE([HAVE_$1], [1], [Define to 1 to use $2: $3.])
fi
AC_SUBST([HAVE_$1], [$have_$1])
AS_VAR_APPEND([suite_features], [" $1"])
])

# SUITE_SONAME(ID, HEADER, FUNCTION, FILE)
# Sets ID_SONAME to the name, beginning with FILE, under which the dynamic loader finds the library of
# an earlier SUITE_LIB row; to nothing when the system has no ELF, or the library is a static one.
AC_DEFUN([SUITE_SONAME], [dnl
AC_CHECK_TOOL([READELF], [readelf])
AC_MSG_CHECKING([for the name that $name_$1 is loaded by])
suite_save_CPPFLAGS=$CPPFLAGS
suite_save_LIBS=$LIBS
CPPFLAGS="$CPPFLAGS $$1_CFLAGS"
LIBS="$$1_LIBS $OPENSSL_LIBS $LIBS"
AC_LINK_IFELSE([AC_LANG_SOURCE([[
#include <$2>
void (*volatile p)(void);
int main(void) { p = (void (*)(void))$3; return p == 0; }]])], [
	test -z "$READELF" || $1_SONAME=`$READELF -d conftest$EXEEXT 2>&AS_MESSAGE_LOG_FD |
		sed -n '/NEEDED/s/.*@<:@@<:@@:>@\($4@<:@^@:>@@:>@*\)@:>@.*/\1/p'`
])
CPPFLAGS=$suite_save_CPPFLAGS
LIBS=$suite_save_LIBS
AC_MSG_RESULT([${$1_SONAME:-none}])
])

# SUITE_NEED_LIB(ID, FOR-WHAT, [OR-ELSE])
# Ends configure when the library of an earlier SUITE_LIB row is missing.
AC_DEFUN([SUITE_NEED_LIB], [dnl
if test "$have_$1" != yes; then
	AC_MSG_ERROR([$name_$1 is needed for $2 ($why_$1); $hint_$1[]m4_ifval([$3], [, or $3])])
fi
])

# SUITE_TOOL(NAME, PROGRAM, [LIBRARY-IDS], [HOST-PATTERN])
# One capture tool, built from the block NAME in Makefile.in. --enable-NAME makes a missing library
# or a foreign host an error, --disable-NAME leaves the tool out; by default it is built when it can be.
AC_DEFUN([SUITE_TOOL], [dnl
AC_ARG_ENABLE([$1], [AS_HELP_STRING([--disable-$1], [do not build $2])], [], [enable_$1=auto])
suite_why=
AS_CASE([$host], [m4_default([$4], [*])], [], [suite_why="not for $host"])
m4_foreach_w([suite_lib], [$3], [dnl
if test -z "$suite_why" && test "$have_[]suite_lib" != yes; then
	suite_why="no $name_[]suite_lib: $why_[]suite_lib; $hint_[]suite_lib"
fi
])dnl
test "$enable_$1" != no || suite_why="--disable-$1"
if test -z "$suite_why"; then
	AS_VAR_APPEND([TOOLS], [" $1"])
	AS_VAR_APPEND([suite_built], [" $2"])
else
	AS_VAR_APPEND([suite_not_built], ["
    $2: $suite_why"])
	test "$enable_$1" != yes || AC_MSG_ERROR([--enable-$1: $suite_why])
fi
])
