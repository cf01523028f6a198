/* For the build with sanitizers, before each source: programs that live for a
 * message free nothing, and strace and the leak checker do not mix. Stages get
 * no environment that could say so. */
const char *__asan_default_options(void);
__attribute__((weak)) const char *__asan_default_options(void) { return "detect_leaks=0"; }
