/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The same ring read in C, in two ways: from its memory, as the managed reader does, and by libbpf. */
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

typedef void (*sample_fn)(void *ctx, const void *sample, uint32_t size);

struct reader {
	uint64_t *consumer;
	uint64_t *producer;
	uint8_t *data;
	uint64_t mask;
	struct ring_buffer *libbpf;
	uint64_t sum;
};

static struct reader reader;

static void add_number(void *ctx, const void *sample, uint32_t size)
{
	((struct reader *)ctx)->sum += *(const uint64_t *)sample;
}

static int add_number_for_libbpf(void *ctx, void *sample, size_t size)
{
	add_number(ctx, sample, size);
	return 0;
}

/* 0, or -1. */
int ring_reader_open(int map_fd, uint64_t size)
{
	size_t page = sysconf(_SC_PAGESIZE);
	void *consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
	void *producer = mmap(NULL, page + 2 * size, PROT_READ, MAP_SHARED, map_fd, page);

	reader.libbpf = ring_buffer__new(map_fd, add_number_for_libbpf, &reader, NULL);
	if (consumer == MAP_FAILED || producer == MAP_FAILED || !reader.libbpf)
		return -1;
	reader.consumer = consumer;
	reader.producer = producer;
	reader.data = (uint8_t *)producer + page;
	reader.mask = size - 1;
	return 0;
}

/* Read at run time, or the compiler would see which function it is and call it without the pointer. */
static sample_fn volatile handler = add_number;

/* Adds up the first word of every sample; returns the sum. */
uint64_t ring_reader_drain(void)
{
	sample_fn handle = handler;
	uint64_t position = *reader.consumer;
	uint64_t end;

	reader.sum = 0;
	while (position < (end = __atomic_load_n(reader.producer, __ATOMIC_ACQUIRE))) {
		while (position < end) {
			uint8_t *header = reader.data + (position & reader.mask);
			uint32_t length = __atomic_load_n((uint32_t *)header, __ATOMIC_ACQUIRE);

			if (length & BPF_RINGBUF_BUSY_BIT)
				goto out;
			position += ((length & ~BPF_RINGBUF_DISCARD_BIT) + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
			if (!(length & BPF_RINGBUF_DISCARD_BIT))
				handle(&reader, header + BPF_RINGBUF_HDR_SZ, length);
			__atomic_store_n(reader.consumer, position, __ATOMIC_RELEASE);
		}
	}
out:
	return reader.sum;
}

uint64_t ring_reader_consume(void)
{
	reader.sum = 0;
	ring_buffer__consume(reader.libbpf);
	return reader.sum;
}

void ring_reader_close(void)
{
	ring_buffer__free(reader.libbpf);
	munmap(reader.producer, sysconf(_SC_PAGESIZE) + 2 * (reader.mask + 1));
	munmap(reader.consumer, sysconf(_SC_PAGESIZE));
}
