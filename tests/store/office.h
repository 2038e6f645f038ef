/* The office of commune A for tests of what is recorded, sequenced and sent. */
#ifndef QCDC_TESTS_STORE_OFFICE_H
#define QCDC_TESTS_STORE_OFFICE_H

#include "tests/store/scene.h"

struct office {
    struct scene *s;
    struct store *store;
    struct arena arena;
    struct error err;
};

/* cmocka: *state is a struct office; the realm is there, its store is not. */
int office_setup(void **state);
int office_teardown(void **state);
/* A node's own store: the directory logs, and what the commune has sealed. */
void office_open(struct office *o, uint32_t node);
/* A petition of the commune, with that text (or none) and a private body. */
struct scene_event office_received(const char *text);
/* ... signed and spooled. */
struct event_id office_record(struct office *o, const char *text);

#define OFFICE_TEST(f)                                                         \
    cmocka_unit_test_setup_teardown(f, office_setup, office_teardown)

#endif
