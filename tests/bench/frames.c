/* The capture bench's own generator and counter; the bench compiles it with cc.
 *
 *   frames send IFNAME SIZE RATE COUNT CPU   frames a second; 0 is as many as possible
 *   frames count FILE                        our frames in a pcap or pcapng file
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 64
#define LONGEST 9000
#define OURS 0x88b5 /* EtherType for local experiments */

static int fail(const char *what)
{
    perror(what);
    return 1;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static int send_frames(const char *ifname, int size, double rate, long count, int cpu)
{
    static unsigned char frames[BATCH][LONGEST];
    static struct mmsghdr messages[BATCH];
    static struct iovec vectors[BATCH];
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET(cpu, &cpus);
    if (sched_setaffinity(0, sizeof cpus, &cpus))
        return fail("sched_setaffinity");
    int fd = socket(AF_PACKET, SOCK_RAW, 0), one = 1;
    struct sockaddr_ll here = {.sll_family = AF_PACKET,
                               .sll_ifindex = if_nametoindex(ifname)};
    if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof here))
        return fail(ifname);
    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof one);
    for (int i = 0; i < BATCH; i++) {
        memset(frames[i], 0xff, 6);
        memcpy(frames[i] + 6, "\x02\0\0\0\0\x0a\x88\xb5", 8);
        vectors[i] = (struct iovec){frames[i], size};
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    long step = rate ? (long)(rate / 5000) : BATCH;
    step = step < 1 ? 1 : step > BATCH ? BATCH : step;
    double began = now();
    long sent = 0;
    while (sent < count) {
        while (rate && now() < began + sent / rate)
            ;
        int wanted = count - sent < step ? count - sent : step;
        for (int i = 0; i < wanted; i++) {
            uint32_t number = htonl(sent + i);
            memcpy(frames[i] + 14, &number, sizeof number);
        }
        int done = sendmmsg(fd, messages, wanted, 0);
        if (done < 0 && errno != ENOBUFS && errno != EAGAIN)
            return fail("sendmmsg");
        sent += done > 0 ? done : 0;
    }
    printf("{\"sent\": %ld, \"seconds\": %.6f}\n", sent, now() - began);
    return 0;
}

static int count_frames(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint32_t head[7];
    static unsigned char body[1 << 20];
    long found = 0;
    if (!file || fread(head, 4, 1, file) != 1)
        return fail(path);
    int next_generation = head[0] == 0x0a0d0d0a;
    if (!next_generation && head[0] != 0xa1b2c3d4 && head[0] != 0xa1b23c4d)
        return fail("neither pcap nor pcapng");
    fseek(file, next_generation ? 0 : 24, SEEK_SET);
    for (;;) {
        size_t length, offset = 0;
        if (next_generation) {
            if (fread(head, 4, 2, file) != 2)
                break;
            length = head[1] - 8;
            offset = head[0] == 6 ? 20 : sizeof body;
        } else {
            if (fread(head, 4, 4, file) != 4)
                break;
            length = head[2];
        }
        if (length > sizeof body || fread(body, 1, length, file) != length)
            break;
        if (offset + 14 <= length && body[offset + 12] == OURS >> 8 &&
            body[offset + 13] == (OURS & 255))
            found++;
    }
    printf("%ld\n", found);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 7 && !strcmp(argv[1], "send"))
        return send_frames(argv[2], atoi(argv[3]), atof(argv[4]), atol(argv[5]),
                           atoi(argv[6]));
    if (argc == 3 && !strcmp(argv[1], "count"))
        return count_frames(argv[2]);
    return 2;
}
