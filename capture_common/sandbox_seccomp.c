/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sandbox through libseccomp: a list of what is refused. A list of what is allowed would break
 * with the next C library, which looks up names and makes threads in ways of its own. */
#include "capture_common/sandbox.h"

#include <errno.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/socket.h>

#include "capture_common/log.h"

/* Names that the architecture, or an older libseccomp, does not know are passed over. */
static const char *const refused[] = {
	/* other programs and processes */
	"execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev", "kcmp",
	"pidfd_getfd", "userfaultfd", "perf_event_open", "bpf", "io_uring_setup",
	"io_uring_enter", "io_uring_register",
	/* what a process sees */
	"mount", "umount", "umount2", "pivot_root", "chroot", "setns", "unshare", "move_mount",
	"open_tree", "fsopen", "fsmount", "fsconfig", "open_by_handle_at", "name_to_handle_at",
	/* the system */
	"init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot",
	"swapon", "swapoff", "acct", "quotactl", "iopl", "ioperm", "modify_ldt", "personality",
	"settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname",
	"setdomainname", "syslog", "add_key", "request_key", "keyctl",
};

/* Servers are talked to over IP, local ones over descriptors; the C library asks the kernel for
 * addresses over netlink. */
static const int no_sockets[] = { AF_PACKET, AF_BLUETOOTH, AF_ALG, AF_KEY, AF_VSOCK };

static int fill(scmp_filter_ctx filter)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		int number = seccomp_syscall_resolve_name(refused[i]);

		if (number == __NR_SCMP_ERROR)
			continue;
		int rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0);

		if (rc < 0 && rc != -EDOM)
			return rc;
	}
	for (size_t i = 0; i < sizeof(no_sockets) / sizeof(no_sockets[0]); i++) {
		int rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1,
					  SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)no_sockets[i], 0));

		if (rc < 0)
			return rc;
	}
	return 0;
}

int sandbox_enter(struct err *e)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int rc;

	if (!filter)
		return err_sys(e, ENOMEM, "sandbox");
	rc = fill(filter);
	if (rc < 0) {
		seccomp_release(filter);
		return err_sys(e, -rc, "sandbox");
	}
	/* A tree instead of a list: each system call is looked up. */
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	rc = seccomp_load(filter);
	seccomp_release(filter);
	if (rc < 0)
		log_debug("this kernel has no seccomp filters (error %d)", -rc);
	return 0;
}
