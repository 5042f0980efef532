/* Takes the documents into the program as they stand: the assembler reads the files (Makefile names them, so
 * that a changed one is taken in anew). */
#include "output/release/release_kit.h"

#define KIT(id, name, path, what)                                                                            \
    __asm__(".pushsection .rodata\n"                                                                         \
            ".balign 16\n"                                                                                   \
            "stsweep_kit_" #id ":\n"                                                                         \
            ".incbin \"" path "\"\n"                                                                         \
            "stsweep_kit_end_" #id ":\n"                                                                     \
            ".byte 0\n"                                                                                      \
            ".popsection\n");                                                                                \
    extern const char stsweep_kit_##id[], stsweep_kit_end_##id[];
#include "output/release/release_kit.def"
#undef KIT

size_t release_kit(struct kit_file files[KIT_FILES_MOST])
{
    size_t count = 0;
#define KIT(id, name, path, what)                                                                            \
    files[count++] = (struct kit_file){                                                                      \
        name, what, bytes_make(stsweep_kit_##id, (size_t)(stsweep_kit_end_##id - stsweep_kit_##id))};
#include "output/release/release_kit.def"
#undef KIT
    return count;
}
