/* A plain program that prints what a recovering sanitizer prints, and ends well. */
#include <stdio.h>

int main(void)
{
    fputs("x.c:1:1: runtime error: signed integer overflow\n", stderr);
    puts("1 passed, 0 failed");
    return 0;
}
