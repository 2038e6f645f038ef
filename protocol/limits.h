/* Every cap of the formats and the conversation, one line each with its
 * reason. Raising one is a change of protocol. */
#ifndef QCDC_PROTOCOL_LIMITS_H
#define QCDC_PROTOCOL_LIMITS_H

#define LEAF_MAX 65535u         /* u16 length prefix of tlog-tiles entries */
#define HEADER_MAX 4096u        /* 64 refs of 16 bytes and change */
#define REFS_MAX 64u            /* an event answers a bounded number */
#define ADDRESSEES_MAX 16u      /* wraps are 96 bytes each */
#define BODIES_MAX 2u           /* one text, one private */
#define TEXT_BODY_MAX 16384u    /* DESIGN section 4 */
#define PRIVATE_BODY_MAX 32768u /* persons and full text of one paper */
#define WRAPS_MAX 18u           /* sealing, recovery, each addressee */
#define BATCH_EVENTS_MAX 256u   /* DESIGN section 5; one tile */
#define BATCH_RAW_MAX                                                          \
    65536u                        /* leaves and texts of one batch, unless it  \
                                     is a single event */
#define BATCH_PRIVATE_MAX 131072u /* ciphertext of one batch, likewise */
#define FRAME_MAX                                                              \
    327680u                       /* one batch of one largest event, with room \
                                     for the envelope; checked by both ends */
#define NOTE_MAX 8192u            /* checkpoint with 16 signature lines */
#define NOTE_LINES_MAX 32u        /* signature lines read of one note */
#define ORIGIN_MAX 255u           /* ML-DSA cosignatures limit it */
#define REALM_MAX 32u             /* [a-z0-9-]{1,32} */
#define PROOF_HASHES_MAX 63u      /* tlog-witness */
#define JOIN_REQUEST_MAX 16384u   /* DESIGN section 6 */
#define NAME_MAX_BYTES 255u       /* names of units, posts, documents */
#define HOSTED_UNITS_MAX 64u      /* units of one node in NodeCertified */
#define REGISTRARS_MAX 3u         /* per unit, DESIGN section 5 */
#define HEIRS_MAX 1024u           /* rows of one reorganisation */
#define CUSTODY_IDS_MAX 1024u     /* petitions named by one transfer */
#define RULES_MAX 64u             /* rules of one RulesPublished */
#define RULE_PARAMS_MAX 32u       /* parameters of one rule */
#define CALENDAR_DAYS_MAX 4096u   /* days off and swapped days together */
#define PLAN_LINES_MAX 400u       /* dialogues of one yearly plan */
#define CONCLUSION_ITEMS_MAX 512u /* petitions of one dialogue */
#define ATTACHMENT_MAX                                                         \
    16777216u                   /* a scanned dossier of 200 pages; held in     \
                                   memory once, when it is complete */
#define ATTACHMENT_CHUNK 65536u /* of one frame, DESIGN section 6 */
#define DOCUMENTS_MAX 16u       /* documents named by one event */
#define WINDOW_START 16384u     /* link credit at the start: a 2G second */
#define WINDOW_MAX 4194304u     /* link credit at most: a LAN second */

#endif
