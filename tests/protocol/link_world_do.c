/* tests/protocol: the engine of link_world.h: steps a machine and performs each
 * of its actions at once, in order. Next: link_world_keep.c, link_world_send.c.
 */
#include "tests/protocol/link_world_internal.h"

#include "tests/support/test.h"

static void token_do(struct world_end *end, const struct link_action *action)
{
    struct link_tokens *tokens = &end->node->tokens[end->other->node->id];

    if (action->kind == LINK_DO_ISSUE_TOKEN) {
        tokens->has_current = action->has_old;
        tokens->current = action->old_token;
        tokens->has_issued = true;
        tokens->issued = action->token;
    } else {
        tokens->has_current = true;
        tokens->current = action->token;
        tokens->has_issued = false;
    }
}

static void join_do(struct world_end *end, const struct link_action *action)
{
    if (action->kind == LINK_DO_JOIN_ANSWERED) {
        end->joined = action->status;
    } else if (action->kind == LINK_DO_JOINED) {
        end->join_done = true;
    } else {
        free((void *)(uintptr_t)end->join_request.ptr);
        end->join_request.ptr = malloc(action->bytes.len + 1);
        end->join_request.len = action->bytes.len;
        memcpy((void *)(uintptr_t)end->join_request.ptr, action->bytes.ptr,
               action->bytes.len);
    }
}

static void delivery_keep(struct world *world, struct world_end *end,
                          const struct link_action *action)
{
    struct link_event event = {.kind = LINK_DELIVERY_STORED,
                               .number = action->from};

    end->node->delivered = action->from;
    world_queue_add(world, end, event);
}

static void held_keep(struct world *world, struct world_end *end,
                      const struct link_action *action)
{
    world_log_of(end->node, &action->origin)->held[action->held->node] =
        (struct frame_seen){true, action->held->head, action->held->line};
    world_tell_all(world, end->node, LINK_HELD_GREW, &action->origin);
}

/* What a test only looks at. */
static void remember(struct world_end *end, const struct link_action *action)
{
    switch ((int)action->kind) {
    case LINK_DO_NOTE:
        end->note = action->reason;
        end->note_from_peer = action->from_peer;
        snprintf(end->note_text, sizeof(end->note_text), "%.*s",
                 (int)action->text.len, (const char *)action->text.ptr);
        break;
    case LINK_DO_STRIKE:
        end->strikes++;
        break;
    case LINK_DO_ANSWER_MEND:
        end->mend_asked++;
        end->mend_privates = action->privates;
        break;
    case LINK_DO_MEND:
        end->mended++;
        break;
    case LINK_DO_READY:
        end->ready++;
        break;
    case LINK_DO_CLOSE:
        end->closed = true;
        break;
    }
}

static void perform(struct world *world, struct world_end *end,
                    const struct link_action *action)
{
    world_trace(world, end, '>', link_do_name(action->kind));
    switch (action->kind) {
    case LINK_DO_SEND:
        world_packet_send(world, end, action->bytes);
        break;
    case LINK_DO_SEND_SEGMENT:
        world_send_segment(world, end, action);
        break;
    case LINK_DO_SEND_COSIGS:
        world_send_cosigs(world, end, action);
        break;
    case LINK_DO_SEND_HELD:
        world_send_held(world, end, action);
        break;
    case LINK_DO_SEND_DELIVERIES:
        world_send_deliveries(world, end, action);
        break;
    case LINK_DO_SEQUENCE:
        world_sequence(world, end->node, action->max_bytes);
        break;
    case LINK_DO_STORE_BATCH:
        world_store_batch(world, end, action);
        break;
    case LINK_DO_STORE_COSIGS:
        world_store_cosigs(world, end, action->cosigned);
        break;
    case LINK_DO_STORE_HELD:
        held_keep(world, end, action);
        break;
    case LINK_DO_STORE_DELIVERY:
        delivery_keep(world, end, action);
        break;
    case LINK_DO_DELIVERY_ACKED:
        end->node->acked[end->other->node->id] = action->from;
        break;
    case LINK_DO_COMMIT_TOKEN:
    case LINK_DO_ISSUE_TOKEN:
    case LINK_DO_TOKEN_SEEN:
        token_do(end, action);
        break;
    case LINK_DO_COSIGN_REPEAT:
        world_cosign_repeat(world, end, action);
        break;
    case LINK_DO_FREEZE:
        world_freeze(end, action);
        break;
    case LINK_DO_RECOVER:
        world_recover(world, end, action);
        break;
    case LINK_DO_RECOVERED:
        world_log_of(end->node, &action->origin)->lent_back = true;
        break;
    case LINK_DO_ASK_HEARD:
        world_ask_heard(world, end, action);
        break;
    case LINK_DO_EVIDENCE:
    case LINK_DO_SUCCESSOR:
    case LINK_DO_ATTACH: /* files and bodies are the engine's */
    case LINK_DO_BODY:
        break;
    case LINK_DO_NOTE:
    case LINK_DO_STRIKE:
    case LINK_DO_ANSWER_MEND:
    case LINK_DO_MEND:
    case LINK_DO_READY:
    case LINK_DO_CLOSE:
        remember(end, action);
        break;
    case LINK_DO_JOIN_REQUESTED:
    case LINK_DO_JOIN_ANSWERED:
    case LINK_DO_JOINED:
        join_do(end, action);
        break;
    case LINK_DO_SEND_STAGED:
    case LINK_DO_TAKE_SPOOLED:
    case LINK_DO_TAKE_STAGED:
    case LINK_DOINGS:
        break;
    }
}

static void step_once(struct world *world, struct world_end *end,
                      struct link_event event)
{
    struct link_view view = world_view(end);
    uint8_t random[LINK_RANDOM_SIZE] = {0};
    struct link_actions actions = {0};
    struct link_info info;
    struct error err = {0};

    world->counter++;
    for (size_t i = 0; i < sizeof(random); i += 8) {
        memcpy(random + i, &world->counter, 8);
        random[i + 7] = (uint8_t)(i + 1);
    }
    event.now_ms = world->now_ms;
    event.random = random;
    assert_ok(
        link_step(end->link, &event, &view, &world->arena, &actions, &err),
        err);
    link_info(end->link, &info);
    if (event.kind == LINK_FRAME && info.state == LINK_OPEN && !info.waiting) {
        end->node->alive_ms[end->other->node->id] = world->now_ms;
    }
    for (const struct link_action *a = actions.first; a != NULL; a = a->next) {
        perform(world, end, a);
    }
}

void world_event(struct world *world, struct world_end *end,
                 struct link_event event)
{
    size_t at = 0;

    world_queue_add(world, end, event);
    for (at = 0; at < world->queue_len; at++) {
        arena_reset(&world->arena);
        step_once(world, world->queue[at].end, world->queue[at].event);
    }
    world->queue_len = 0;
}

void world_inject(struct world *world, struct world_end *end,
                  struct frame *frame)
{
    struct span bytes = {0};
    struct error err = {0};
    struct link_event event = {.kind = LINK_FRAME};
    uint8_t *copy = NULL;

    assert_ok(frame_pack(frame, &world->arena, &bytes, &err), err);
    copy = malloc(bytes.len + 1);
    memcpy(copy, bytes.ptr, bytes.len);
    event.bytes = span_make(copy, bytes.len);
    world_event(world, end, event);
    free(copy);
}
