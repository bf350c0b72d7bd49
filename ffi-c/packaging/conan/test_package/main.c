/* Prints the version of the linked library; fails if the header has another ABI number than that library. */
#include <stdio.h>
#include <switchover.h>

int main(void) {
    printf("switchover %s\n", swo_version());
    return swo_abi_version() != SWO_ABI_VERSION;
}
