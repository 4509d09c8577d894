/* wire_line PORT - standard input to a connection to 127.0.0.1:PORT, what comes back to standard output, until it ends. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char bytes[4096];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    to.sin_port = htons((uint16_t)atoi(argc > 1 ? argv[1] : "0"));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        perror("wire_line");
        return 1;
    }
    ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
    if (n > 0 && send(fd, bytes, (size_t)n, MSG_NOSIGNAL) != n) {
        return 0; /* closed on us: what the test looks for */
    }
    while ((n = recv(fd, bytes, sizeof bytes, 0)) > 0) {
        fwrite(bytes, 1, (size_t)n, stdout);
    }
    return 0;
}
