#include "engine/ops/replay_gen.h"

#include <inttypes.h>

#define PICK(list, r) list[next(r) % (sizeof(list) / sizeof *(list))]

static const char *const families[] = {
    "ASHDOWN",  "BELLWEATHER", "CORBIN",   "DREYLING",  "ELSTOW",   "FARNABY",
    "GRIMSHAW", "HOLLIDAY",    "INGRAM",   "JESSOP",    "KELLAR",   "LINDQVIST",
    "MARWOOD",  "NETTLES",     "OAKHURST", "PELLETIER", "QUIGLEY",  "ROSSITER",
    "SANDOVAL", "TREMAINE",    "UPCHURCH", "VARGAS",    "WHITLOCK", "YARROW"};
static const char *const givens[] = {"ADA",   "BRUNO", "CELIA", "DEXTER", "EDITH", "FELIX",
                                     "GRETA", "HUGO",  "IRIS",  "JONAS",  "KARIN", "LEON",
                                     "MIRA",  "NILS",  "OPAL",  "PABLO",  "QUINN", "RUTH",
                                     "SOREN", "TESSA", "UMA",   "VICTOR"};
static const char *const streets[] = {"ALDER WAY",     "BIRCH LANE",  "CEDAR COURT",
                                      "DOGWOOD DRIVE", "ELM TERRACE", "FERN HOLLOW",
                                      "GINGKO SQUARE", "HAZEL ROW"};
static const char *const towns[] = {"EASTMERE^IL^60999", "NORTHFORD^IL^60998",
                                    "WESTBRIDGE^WI^53999", "SOUTHOLM^IN^46999"};
static const char *const clinics[] = {"ONC^101^1^MAIN", "CARD^212^2^MAIN", "PEDS^007^1^NORTH",
                                      "ORTH^330^1^NORTH", "MRI^B02^1^MAIN"};
static const char *const doctors[] = {
    "1100^ARKWRIGHT^NORA^L^^DR^^^MAIN", "1101^BRANDT^OTTO^^^DR^^^MAIN",
    "1102^CHOWDHURY^INA^M^^DR^^^MAIN", "1103^DUFRESNE^PAUL^^^DR^^^MAIN"};
static const char *const plans[] = {
    "HMO1^HARBOR HEALTH HMO^L|9001^^^HARBOR^PAYER|HARBOR HEALTH",
    "PPO2^MERIDIAN MUTUAL PPO^L|9002^^^MERIDIAN^PAYER|MERIDIAN MUTUAL",
    "MCR^STATE SENIOR PLAN^L|9003^^^STATE^PAYER|STATE SENIOR PLAN"};
static const char *const services[] = {"99213^OFFICE VISIT EST^CPT", "71046^CHEST XRAY 2 VIEWS^CPT",
                                       "70551^MRI BRAIN WO CONTRAST^CPT", "93000^ECG ROUTINE^CPT"};

/* What one message is about; a patient is always the same for the same seed and number. */
struct person {
    unsigned number;
    const char *family, *given, *middle, *street, *town, *plan;
    char sex;
    unsigned year, month, day, house, phone;
};

struct story {
    uint64_t rng;
    struct buf *out;
    struct person who;
    const char *clinic, *doctor;
    uint64_t visit;
    unsigned day, hour, minute; /* November and December 2026 */
};

/* splitmix64 */
static uint64_t next(uint64_t *r)
{
    uint64_t z = (*r += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static unsigned upto(uint64_t *r, unsigned n)
{
    return (unsigned)(next(r) % n);
}

static struct person person_of(uint64_t seed, unsigned number)
{
    uint64_t r = seed * 0x2545f4914f6cdd1du + number;
    return (struct person){
        .number = 400000 + number,
        .family = PICK(families, &r),
        .given = PICK(givens, &r),
        .middle = PICK(givens, &r),
        .street = PICK(streets, &r),
        .town = PICK(towns, &r),
        .plan = PICK(plans, &r),
        .sex = next(&r) & 1 ? 'F' : 'M',
        .year = 1930 + upto(&r, 90),
        .month = 1 + upto(&r, 12),
        .day = 1 + upto(&r, 28),
        .house = 1 + upto(&r, 9998),
        .phone = upto(&r, 10000),
    };
}

static void put_msh(struct story *s, const char *type, uint64_t seed, uint64_t n)
{
    buf_printf(s->out,
               "MSH|^~\\&|EPIC|MAIN^2.16.840.1.113883.19.1^ISO|CORRIDOR|DESK|202611%02u%02u%02u%"
               "02u-0600||%s|"
               "G%" PRIu64 "-%08" PRIu64 "|P|2.5.1|||AL|NE|USA|UNICODE UTF-8\r",
               s->day, s->hour, s->minute, (unsigned)(n % 60), type, seed, n);
}

static void put_evn(struct story *s, const char *event)
{
    buf_printf(s->out,
               "EVN|%s|202611%02u%02u%02u|||U%03u^CLERK^ROSA^^^^^^MAIN^L|202611%02u%02u%02u\r",
               event, s->day, s->hour, s->minute, upto(&s->rng, 400), s->day, s->hour, s->minute);
}

static void put_pid(struct story *s)
{
    const struct person *p = &s->who;
    buf_printf(s->out,
               "PID|1||%u^^^MAIN&2.16.840.1.113883.19.5&ISO^MR~000-%02u-%04u^^^SSA&2.16.840.1."
               "113883.19.9&ISO^SS"
               "||%s^%s^%c^^^^L||%u%02u%02u|%c||2106-3^WHITE^HL70005|%u %s^^%s^USA^H||"
               "^PRN^PH^^1^312^555%04u|^WPN^PH^^1^312^555%04u|en^English^ISO639"
               "|%c^^HL70002|NON^NONE^HL70006|%u%04u^^^MAIN&2.16.840.1.113883.19.5&ISO^AN|||"
               "|2186-5^NOT HISPANIC^CDCREC||N||||||N\r",
               p->number, p->number % 100, p->number % 10000, p->family, p->given, p->middle[0],
               p->year, p->month, p->day, p->sex, p->house, p->street, p->town, p->phone,
               (p->phone + 7) % 10000, p->year % 2 ? 'M' : 'S', p->number, s->day);
}

static void put_pv1(struct story *s, const char *class)
{
    buf_printf(s->out,
               "PV1|1|%s|%s^^^^1|R|||%s|%s||MED||||1|||%s|%s|V%08" PRIu64
               "^^^MAIN^VN|HMO||||||||||||||||||||MAIN|||||202611%02u%02u%02u|\r",
               class, s->clinic, s->doctor, s->doctor, s->doctor, class[0] == 'I' ? "IP" : "OP",
               s->visit, s->day, s->hour, s->minute);
}

static void put_nk1(struct story *s)
{
    buf_printf(s->out,
               "NK1|1|%s^%s|SPO^SPOUSE^HL70063|%u "
               "%s^^%s^USA^H|^PRN^PH^^1^312^555%04u||EC^EMERGENCY^HL70131\r",
               s->who.family, PICK(givens, &s->rng), s->who.house, s->who.street, s->who.town,
               s->who.phone);
}

static void put_in1(struct story *s)
{
    const struct person *p = &s->who;
    buf_printf(s->out,
               "IN1|1|%s|PO BOX "
               "%u^^EASTMERE^IL^60999||^WPN^PH^^1^800^5550100|GRP%03u||||20260101|20261231||HMO|"
               "%s^%s^%c|SEL^SELF^HL70063|%u%02u%02u|%u %s^^%s|||1||||||||||||||MBR%07u|||||||%c\r",
               p->plan, p->house, p->number % 1000, p->family, p->given, p->middle[0], p->year,
               p->month, p->day, p->house, p->street, p->town, p->number, p->sex);
}

static void put_adt(struct story *s, unsigned roll, uint64_t seed, uint64_t n)
{
    static const struct {
        const char *type, *event, *class;
    } kinds[] = {{"ADT^A01^ADT_A01", "A01", "I"},
                 {"ADT^A04^ADT_A01", "A04", "O"},
                 {"ADT^A08^ADT_A01", "A08", "O"},
                 {"ADT^A40^ADT_A39", "A40", ""}};
    unsigned k = roll % 12 == 11 ? 3 : roll % 3;
    put_msh(s, kinds[k].type, seed, n);
    put_evn(s, kinds[k].event);
    put_pid(s);
    if (k == 3) {
        buf_printf(s->out, "MRG|%u^^^MAIN&2.16.840.1.113883.19.5&ISO^MR||||||%s^%s^%c\r",
                   s->who.number + 500000, s->who.family, s->who.given, s->who.middle[0]);
        return;
    }
    if (roll & 4) {
        buf_printf(s->out, "PD1|||MAIN CLINIC^L^100^^^MAIN^XX|%s||||||||N\r", s->doctor);
    }
    if (roll & 2) {
        put_nk1(s);
    }
    put_pv1(s, kinds[k].class);
    if (roll & 1) {
        buf_puts(s->out,
                 "AL1|1|DA^DRUG^HL70127|PEN^PENICILLIN^L|MO^MODERATE^HL70128|RASH|20190412\r");
    }
    put_in1(s);
}

static void put_siu(struct story *s, unsigned roll, uint64_t seed, uint64_t n)
{
    static const struct {
        const char *type, *status;
    } kinds[] = {{"SIU^S12^SIU_S12", "Booked"},    {"SIU^S12^SIU_S12", "Booked"},
                 {"SIU^S13^SIU_S12", "Booked"},    {"SIU^S14^SIU_S12", "Booked"},
                 {"SIU^S15^SIU_S12", "Cancelled"}, {"SIU^S26^SIU_S12", "Noshow"}};
    unsigned k = roll % 6, minutes = 15 + 15 * (roll % 4);
    put_msh(s, kinds[k].type, seed, n);
    buf_printf(s->out,
               "SCH|%" PRIu64 "^EPIC|%" PRIu64
               "^EPIC|||%u^%s^L|FOLLOWUP^Follow-up visit^L|RETURN^Return visit^HL70276|OFFICE"
               "|%u|MIN^minutes^ISO+|^^%u^202612%02u%02u%02u00^202612%02u%02u%02u00|||||U%03u^"
               "CLERK^ROSA|^WPN^PH^^1^312^5550190"
               "|||U%03u^CLERK^ROSA|||||%s^%s^HL70278\r",
               s->visit, s->visit + 1, roll % 90, kinds[k].status, minutes, minutes, s->day,
               s->hour, s->minute, s->day, s->hour + (s->minute + minutes) / 60,
               (s->minute + minutes) % 60, roll % 400, roll % 400, kinds[k].status,
               kinds[k].status);
    buf_puts(
        s->out,
        "NTE|1|L|Bring referral \\T\\ insurance card; arrive 15 minutes early|RE^Remark^HL70364\r");
    put_pid(s);
    put_pv1(s, "O");
    buf_puts(s->out, "RGS|1|A|MAIN\r");
    buf_printf(s->out, "AIS|1|A|%s|202612%02u%02u%02u00|0|MIN|%u|MIN|NO|%s^^HL70278\r",
               PICK(services, &s->rng), s->day, s->hour, s->minute, minutes, kinds[k].status);
    buf_printf(s->out, "AIL|1|A|%s|C^CLINIC^HL70305||202612%02u%02u%02u00|||%u|MIN\r", s->clinic,
               s->day, s->hour, s->minute, minutes);
    buf_printf(s->out, "AIP|1|A|%s|D^ATTENDING^HL70286||202612%02u%02u%02u00|||%u|MIN\r", s->doctor,
               s->day, s->hour, s->minute, minutes);
}

static void put_dft(struct story *s, unsigned roll, uint64_t seed, uint64_t n)
{
    put_msh(s, "DFT^P03^DFT_P03", seed, n);
    put_evn(s, "P03");
    put_pid(s);
    put_pv1(s, "O");
    for (unsigned i = 1; i <= 1 + roll % 2; i++) {
        buf_printf(s->out,
                   "FT1|%u|T%07" PRIu64 "%u|B%03u|202611%02u%02u%02u|202611%02u|CG^CHARGE^HL70017|%"
                   "s||||%u.50&USD|%u.50&USD|DEP%02u"
                   "^^^MAIN|%s|||%s|||Z00.00^GENERAL EXAM^I10|%s|%s||%s|%s\r",
                   i, s->visit % 10000000, i, roll % 1000, s->day, s->hour, s->minute, s->day,
                   PICK(services, &s->rng), 40 + roll % 400, 40 + roll % 400, roll % 20,
                   "HMO1^HARBOR HEALTH HMO^L", s->clinic, s->doctor, s->doctor, "U100^CLERK^ROSA",
                   PICK(services, &s->rng));
    }
    put_in1(s);
}

void replay_generate(uint64_t seed, uint64_t n, unsigned patients, struct buf *out)
{
    struct story s = {.rng = (seed << 32) ^ (n * 0xd1342543de82ef95u), .out = out};
    unsigned kind = upto(&s.rng, 10), roll = upto(&s.rng, 1u << 20);
    s.who = person_of(seed, upto(&s.rng, patients ? patients : 1));
    s.clinic = PICK(clinics, &s.rng);
    s.doctor = PICK(doctors, &s.rng);
    s.visit = 10000000 + n;
    s.day = 1 + upto(&s.rng, 28);
    s.hour = 8 + upto(&s.rng, 9);
    s.minute = 15 * upto(&s.rng, 4);
    if (kind < 6) {
        put_adt(&s, roll, seed, n);
    } else if (kind < 9) {
        put_siu(&s, roll, seed, n);
    } else {
        put_dft(&s, roll, seed, n);
    }
}
