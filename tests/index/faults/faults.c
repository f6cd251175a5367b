/* Preloaded into a build: counts what it does to files below a folder, and at one of these makes it fail or die.

   fault_arm(folder, mode, at): mode 0 counts only; 1 fails the operation with EIO; 2 fails it and every later one that
   needs room with ENOSPC; 3 kills the process before it; 4 kills it after half of the bytes were written.
   fault_log(path) writes a line for each operation: its name and the file. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { COUNT, FAIL, FULL, KILL, HALF };
enum { GO_ON, GIVE_UP, WRITE_HALF };

static char folder[PATH_MAX];
static int mode = -1;
static long at, count;
static int log_to = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name)) real(#name))

static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

void fault_arm(const char *below, int what, long when) {
    strncpy(folder, below, sizeof folder - 1);
    at = when;
    count = 0;
    mode = what;
}

void fault_log(const char *path) { log_to = syscall(SYS_openat, AT_FDCWD, path, O_CREAT | O_WRONLY | O_APPEND, 0600); }

static int below(const char *path) { return strncmp(path, folder, strlen(folder)) == 0; }

static int path_of(int fd, char *out) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, out, PATH_MAX - 1);
    if (n < 0) return 0;
    out[n] = 0;
    return 1;
}

static int resolved(int dir, const char *path, char *out) {
    if (path[0] == '/') { snprintf(out, PATH_MAX, "%s", path); return 1; }
    char base[PATH_MAX];
    if (dir == AT_FDCWD) { if (!getcwd(base, sizeof base)) return 0; }
    else if (!path_of(dir, base)) return 0;
    snprintf(out, PATH_MAX, "%.2000s/%.2000s", base, path);
    return 1;
}

/* What is to become of an operation. */
static int verdict(const char *name, const char *path, int needs_room, int writes) {
    if (mode < 0 || !below(path)) return GO_ON;
    pthread_mutex_lock(&lock);
    long number = ++count;
    if (log_to >= 0) dprintf(log_to, "%s %s\n", name, path + strlen(folder));
    pthread_mutex_unlock(&lock);
    if (mode == FAIL && number == at) { errno = EIO; return GIVE_UP; }
    if (mode == FULL && number >= at && needs_room) { errno = ENOSPC; return GIVE_UP; }
    if (number != at) return GO_ON;
    if (mode == KILL || (mode == HALF && !writes)) kill(getpid(), SIGKILL);
    return mode == HALF ? WRITE_HALF : GO_ON;
}

static int verdict_fd(const char *name, int fd, int needs_room, int writes) {
    char path[PATH_MAX];
    if (mode < 0 || fd == log_to || !path_of(fd, path)) return GO_ON;
    return verdict(name, path, needs_room, writes);
}

static int verdict_at(const char *name, int dir, const char *path, int needs_room) {
    char whole[PATH_MAX];
    if (mode < 0 || !resolved(dir, path, whole)) return GO_ON;
    return verdict(name, whole, needs_room, 0);
}

static void die(void) { kill(getpid(), SIGKILL); for (;;) pause(); }

ssize_t write(int fd, const void *data, size_t size) {
    int v = verdict_fd("write", fd, 1, 1);
    if (v == GIVE_UP) return -1;
    if (v == WRITE_HALF) { REAL(write)(fd, data, size / 2); die(); }
    return REAL(write)(fd, data, size);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t place) {
    int v = verdict_fd("pwrite", fd, 1, 1);
    if (v == GIVE_UP) return -1;
    if (v == WRITE_HALF) { REAL(pwrite)(fd, data, size / 2, place); die(); }
    return REAL(pwrite)(fd, data, size, place);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t place) {
    int v = verdict_fd("pwrite", fd, 1, 1);
    if (v == GIVE_UP) return -1;
    if (v == WRITE_HALF) { REAL(pwrite64)(fd, data, size / 2, place); die(); }
    return REAL(pwrite64)(fd, data, size, place);
}
ssize_t writev(int fd, const struct iovec *parts, int n) {
    int v = verdict_fd("writev", fd, 1, 1);
    if (v == GIVE_UP) return -1;
    if (v == WRITE_HALF) { REAL(writev)(fd, parts, n / 2); die(); }
    return REAL(writev)(fd, parts, n);
}
size_t fwrite(const void *data, size_t size, size_t n, FILE *file) {
    int v = verdict_fd("fwrite", fileno(file), 1, 1);
    if (v == GIVE_UP) return 0;
    if (v == WRITE_HALF) { REAL(fwrite)(data, 1, size * n / 2, file); fflush(file); die(); }
    return REAL(fwrite)(data, size, n, file);
}
ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t size, unsigned flags) {
    return verdict_fd("copy", out, 1, 0) ? -1 : REAL(copy_file_range)(in, from, out, to, size, flags);
}
int fsync(int fd) { return verdict_fd("fsync", fd, 0, 0) ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return verdict_fd("fdatasync", fd, 0, 0) ? -1 : REAL(fdatasync)(fd); }
int ftruncate(int fd, off_t size) { return verdict_fd("ftruncate", fd, 1, 0) ? -1 : REAL(ftruncate)(fd, size); }
int ftruncate64(int fd, off64_t size) { return verdict_fd("ftruncate", fd, 1, 0) ? -1 : REAL(ftruncate64)(fd, size); }
int rename(const char *from, const char *to) {
    return verdict_at("rename", AT_FDCWD, to, 0) ? -1 : REAL(rename)(from, to);
}
int renameat(int a, const char *from, int b, const char *to) {
    return verdict_at("rename", b, to, 0) ? -1 : REAL(renameat)(a, from, b, to);
}
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) {
    return verdict_at("rename", b, to, 0) ? -1 : REAL(renameat2)(a, from, b, to, flags);
}
int link(const char *from, const char *to) { return verdict_at("link", AT_FDCWD, to, 1) ? -1 : REAL(link)(from, to); }
int linkat(int a, const char *from, int b, const char *to, int flags) {
    return verdict_at("link", b, to, 1) ? -1 : REAL(linkat)(a, from, b, to, flags);
}
int mkdir(const char *path, mode_t bits) { return verdict_at("mkdir", AT_FDCWD, path, 1) ? -1 : REAL(mkdir)(path, bits); }
int unlink(const char *path) { return verdict_at("unlink", AT_FDCWD, path, 0) ? -1 : REAL(unlink)(path); }
int unlinkat(int dir, const char *path, int flags) {
    return verdict_at("unlink", dir, path, 0) ? -1 : REAL(unlinkat)(dir, path, flags);
}
int rmdir(const char *path) { return verdict_at("rmdir", AT_FDCWD, path, 0) ? -1 : REAL(rmdir)(path); }

#define OPENED(name, dir, path, flags, call)                                         \
    mode_t bits = 0;                                                                  \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                            \
        va_list rest; va_start(rest, flags); bits = va_arg(rest, mode_t); va_end(rest); \
    }                                                                                 \
    if (((flags) & O_CREAT) && verdict_at("create", dir, path, 1)) return -1;         \
    return call;

int open(const char *path, int flags, ...) { OPENED("open", AT_FDCWD, path, flags, REAL(open)(path, flags, bits)) }
int open64(const char *path, int flags, ...) { OPENED("open", AT_FDCWD, path, flags, REAL(open64)(path, flags, bits)) }
int openat(int dir, const char *path, int flags, ...) { OPENED("open", dir, path, flags, REAL(openat)(dir, path, flags, bits)) }
int openat64(int dir, const char *path, int flags, ...) { OPENED("open", dir, path, flags, REAL(openat64)(dir, path, flags, bits)) }
FILE *fopen(const char *path, const char *how) {
    if (how[0] != 'r' && verdict_at("create", AT_FDCWD, path, 1)) return NULL;
    return REAL(fopen)(path, how);
}
FILE *fopen64(const char *path, const char *how) {
    if (how[0] != 'r' && verdict_at("create", AT_FDCWD, path, 1)) return NULL;
    return REAL(fopen64)(path, how);
}
