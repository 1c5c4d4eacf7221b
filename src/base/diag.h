/* diag.h — the sentence for the human beside the error code.
 * Whoever fails sets the sentence; each level above adds where, never what. A NULL diag is allowed
 * everywhere: the code alone is returned then. */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

struct diag {
    int code;       /* the code which was set last, 0 when nothing was */
    char text[768]; /* a sentence without a full stop; cut when longer */
};

#define DIAG_INIT \
    {             \
        0, ""     \
    }

/* Sets the sentence; returns code. */
int diag_set(struct diag *diag, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Puts "where: " before the sentence that is there; returns code. */
int diag_wrap(struct diag *diag, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The sentence, or the text of the code when nothing was said. */
const char *diag_text(const struct diag *diag, int code);

#endif
