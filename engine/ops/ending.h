/* ending.h - the last part of a program that signals end early: its report and ledgers are written whole. */
#ifndef CORRIDOR_OPS_ENDING_H
#define CORRIDOR_OPS_ENDING_H

/* From here on SIGTERM and SIGINT change nothing: the process is ending. Main thread; before the handlers go. */
void ending_begins(void);

#endif
