/* rows.h - the option tables of corridor.yaml besides those of the adapters, and the structs they fill. */
#ifndef CORRIDOR_CONFIG_ROWS_H
#define CORRIDOR_CONFIG_ROWS_H

#include "engine/base/opt.h"
#include "engine/hl7/validate.h"
#include "engine/flow/condition.h"
#include "engine/flow/teller.h"

struct top_conf {
    struct str state;
    struct opt_list routes;
    const struct yaml_node *sources, *destinations, *admin;
    const struct metrics_conf *metrics;
    const struct alerts_conf *alerts;
    int64_t retention_ms, disk_bytes, volume_bytes;
};

struct admin_conf {
    struct opt_hostport listen;
};

struct alerts_conf {
    const struct condition_limits *limits;
    struct opt_list off;
    int at_most;
    struct str instance;
    const struct webhook_conf *webhook;
    const struct mail_conf *mail;
};

struct expect_conf {
    struct opt_list days;
    struct str hours, at_least;
};

struct metrics_conf {
    struct opt_hostport listen;
    int plaintext;
};

struct validate_conf {
    struct opt_list conformance;
    int most;
    int level[VALIDATE_RULES]; /* enum validate_level */
};

struct source_conf {
    struct str profile;
    const struct yaml_node *ack, *duplicates, *batch, *parts;
    const struct validate_conf *validate;
    int unrouted, sequence_numbers;
    struct str timezone;
    struct opt_list versions, senders;
    const struct yaml_node *expect;
};

struct destination_conf {
    struct str order_by;
    int parallel, on_unknown, on_hold;
    struct str was, shape;
    const struct yaml_node *retry, *replies, *answers;
    int64_t backlog, oldest_ms;
};

struct ack_conf {
    struct str answered_by, application_to;
    int64_t within_ms;
};

struct answers_conf {
    struct str from;
    int64_t within_ms;
    int most;
};

struct batch_conf {
    bool split;
    int counts, reply; /* enum plan_counts, plan_batch_reply */
};

struct parts_conf {
    bool join;
    int unmatched; /* enum plan_unmatched */
    int64_t within_ms;
    int most;
};

struct duplicates_conf {
    int64_t window_ms;
    int differs; /* 1: reject */
};

struct retry_conf {
    int64_t first_ms, longest_ms, give_up_ms;
};

struct replies_conf {
    int code[6]; /* enum plan_reply, by enum ack_code */
};

extern const struct opt config_top_rows[], config_source_rows[], config_destination_rows[],
    config_duplicates_rows[], config_retry_rows[], config_replies_rows[], config_admin_rows[],
    config_answers_rows[], config_metrics_rows[], config_ack_rows[], config_batch_rows[],
    config_parts_rows[], config_validate_rows[], config_alerts_rows[], config_webhook_rows[],
    config_mail_rows[], config_expect_rows[];

#endif
