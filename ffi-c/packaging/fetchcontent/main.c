/* Says which library it is linked with; a header of another ABI is an error. */
#include <stdio.h>
#include <switchover.h>

int main(void) {
    printf("switchover %s\n", swo_version());
    return swo_abi_version() != SWO_ABI_VERSION;
}
