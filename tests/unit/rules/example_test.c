/* The examples of the language, section 16, as they stand there (destinations and sources are the kit's), on
 * synthetic messages. Those with FHIR and answers stand in docs/examples/routes. */
#include "tests/unit/rules/rows.h"

TestSuite(example, .init = kit_begin, .fini = kit_end);

#define MSH(type, processing)                                                                      \
    "MSH|^~\\&|EPIC|MAIN|DESK|X|20261120150000||" type "|M1|" processing "|2.5.1\r"

/* ---- filter ---- */

static const char filter[] =
    "route: adt-to-desk\n"
    "from: epic\n"
    "messages: [ADT^A01, ADT^A04, ADT^A08, ADT^A31]\n"
    "when: MSH-4.1.oneOf('MAIN', 'NORTH')\n"
    "do:\n"
    "  - drop: test patient\n"
    "    if: PID-5.exists($this.1.1.startsWith('ZZ')) or MSH-11.1.oneOf('T', 'D')\n"
    "  - send: desk\n"
    "    as: demographic-event\n"
    "---\n"
    "map: demographic-event\n"
    "reads: ADT\n"
    "to: json\n"
    "value:\n  type: =MSH-9.2\n  name: =PID-5[1].1.1\n";

Test(example, filter)
{
    static const struct {
        const char *name, *message, *want;
    } rows[] = {
        {"sent", MSH("ADT^A04", "P") "PID|1||4711^^^EPIC^MR||DOE^JANE\r",
         "accepted\ndesk EPIC/4711: {\"type\":\"A04\",\"name\":\"DOE\"}"},
        {"a test patient", MSH("ADT^A01", "P") "PID|1||4711||DOE^JANE~ZZTEST^A\r",
         "filtered <adt-to-desk: test patient (r.yaml:6)>"},
        {"a test message", MSH("ADT^A01", "T") "PID|1||4711||DOE^JANE\r",
         "filtered <adt-to-desk: test patient (r.yaml:6)>"},
        {"another facility",
         "MSH|^~\\&|EPIC|WEST|DESK|X|2026||ADT^A01|M1|P|2.5.1\rPID|1||4711||DOE\r",
         "filtered <adt-to-desk: when is not true (r.yaml:4)>"},
        {"no facility", "MSH|^~\\&|EPIC||DESK|X|2026||ADT^A01|M1|P|2.5.1\rPID|1||4711||DOE\r",
         "filtered <adt-to-desk: when is not true, MSH-4.1 is empty (r.yaml:4)>"},
        {"another type", MSH("ADT^A03", "P") "PID|1||4711||DOE\r", "unrouted"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *got = kit_run(filter, rows[i].message);
        cr_expect_str_eq(got, rows[i].want, "%s: %s", rows[i].name, got);
    }
}

/* ---- clean identifiers ---- */

static const char clean[] =
    "steps: clean-identifiers\n"
    "reads: ADT\n"
    "do:\n"
    "  - require: PID-3.exists($this.5 = 'MR' and $this.4.1 = 'EPIC')\n"
    "    else: { reply: { code: AE, error: 101, at: PID-3, text: no MRN of authority EPIC } }\n"
    "  - set:                                   # all right sides see the message before this "
    "step\n"
    "      PID-19: =PID-3.where($this.5 = 'SS').first().1\n"
    "      PID-3: =PID-3.where($this.5 = 'MR' and $this.4.1 = 'EPIC')\n"
    "---\n"
    "route: a\nfrom: epic\nmessages: [ADT^A01]\ndo: [{ use: clean-identifiers }, { send: lab }]\n";

Test(example, clean_identifiers)
{
    static const struct row rows[] = {
        {"both", MSH("ADT^A01", "P") "PID|1||4711^^^EPIC^MR~9-9^^^SSA^SS~12^^^OLD^MR\rPV1|1|I\r",
         "accepted\nlab: " MSH("ADT^A01",
                               "P") "PID|1||4711^^^EPIC^MR||||||||||||||||9-9\rPV1|1|I\r"},
        {"no SSN", MSH("ADT^A01", "P") "PID|1||4711^^^EPIC&1.2&ISO^MR||||||||||||||||old\r",
         "accepted\nlab: " MSH("ADT^A01", "P") "PID|1||4711^^^EPIC&1.2&ISO^MR||||||||||||||||\r"},
        {"no MRN", MSH("ADT^A01", "P") "PID|1||12^^^OLD^MR\r",
         "rejected <a: no MRN of authority EPIC (r.yaml:5)> AE/101/PID-3/no MRN of authority EPIC"},
        {"no PID", MSH("ADT^A01", "P") "PV1|1|I\r",
         "rejected <a: no MRN of authority EPIC (r.yaml:5)> AE/101/PID-3/no MRN of authority EPIC"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *got = kit_run(clean, rows[i].text);
        cr_expect_str_eq(got, rows[i].want, "%s: %s", rows[i].name, got);
    }
}

/* ---- SIU to an appointment event ---- */

static const char appointment[] =
    "map: appointment-event\n"
    "reads: SIU_S12\n"
    "to: json\n"
    "value:\n"
    "  type: =MSH-9.2.lookup('siu-event')\n"
    "  id: =coalesce(SCH-2.1, SCH-1.1, PV1-19.1)\n"
    "  start: =coalesce(SCH-11[1].4, TQ1[1]-7, AIS-4.min(), (AIP-6 | AIL-6 | "
    "AIG-8).min()).toDateTime()\n"
    "  duration_min: =coalesce(SCH-9 * lookup('duration-unit', coalesce(SCH-10.1, SCH-10.2)), "
    "TQ1[1]-6.1)\n"
    "  status: =coalesce(SCH-25.1, SCH-25.2).lookup('appointment-status')\n"
    "  notes: [ =NTE-3.text() ]                 # the NTE after SCH only; those after AIS belong "
    "to AIS\n"
    "  resource_groups:\n"
    "    - $for: RGS                            # the groups that RGS opens\n"
    "      set: =RGS-1\n"
    "      action: =RGS-2\n"
    "      services:\n"
    "        - $for: AIS\n"
    "          code: =AIS-3.1\n"
    "          start: =AIS-4.toDateTime()\n"
    "          offset_min: =AIS-5 * lookup('duration-unit', coalesce(AIS-6.1, 'MIN'))\n"
    "          duration_min: =AIS-7 * lookup('duration-unit', coalesce(AIS-8.1, 'MIN'))\n"
    "          notes: [ =NTE-3.text() ]         # NTE of this AIS\n"
    "      people:\n"
    "        - $for: AIP\n"
    "          id: =AIP-3[1].1\n"
    "          role: =AIP-4.1.lookup('resource-role')\n"
    "          status: =AIP-12.1\n"
    "      places:\n"
    "        - $for: AIL\n"
    "          location: =AIL-3[1].1\n"
    "      equipment:\n"
    "        - $for: AIG\n"
    "          id: =AIG-3.1\n"
    "  patient:\n"
    "    $use: patient-block\n"
    "tests:\n"
    "  - name: start comes from SCH-11.4\n"
    "    source: epic\n"
    "    received: 2026-11-20T15:00:00Z\n"
    "    message: samples/siu_s12_booked.hl7\n"
    "    expect: { type: booked, start: \"2026-11-24T09:30:00-06:00\" }\n"
    "---\n"
    "map: patient-block\nreads: SIU_S12\nto: json\nvalue:\n  mrn: =PID-3[1].1\n  name: "
    "=PID-5[1].1.1\n"
    "---\n"
    "tables:\n"
    "  siu-event: { file: event.csv }\n  duration-unit: { file: unit.csv }\n"
    "  appointment-status: { file: status.csv }\n  resource-role: { file: role.csv }\n"
    "---\n"
    "route: a\nfrom: profiled\nmessages: [SIU^S12..S26]\ndo: { send: lab, as: appointment-event "
    "}\n";

static void appointment_tables(void)
{
    kit_file("event.csv", "event,type\nS12,booked\nS13,moved\n");
    kit_file("unit.csv", "unit,minutes\nMIN,1\nHR,60\n");
    kit_file("status.csv", "code,status\nBooked,booked\n");
    kit_file("role.csv", "code,role\nMD,physician\n");
    kit_source = 2;
}

Test(example, siu_to_an_appointment_event)
{
    appointment_tables();
    const char *got = kit_payload(
        appointment,
        MSH("SIU^S12^SIU_S12",
            "P") "SCH|P1^EPIC|F1^EPIC|||||||1|HR^Hour|^^^202611240930||||||||||||||"
                 "Booked^B\rNTE|1||Bring \\T\\ films\rPID|1||4711^^^EPIC^MR||DOE^JANE\rPV1|1|O\r"
                 "RGS|1|A\rAIS|1|A|ECHO^Echo|202611240930|15|MIN|45|MIN\rNTE|1||first\rNTE|2||"
                 "second\r"
                 "AIG|1|A|ECHO7\rAIL|1|A|ROOM1^2\rAIP|1|A|1234^SMITH|MD^Doctor||||||||CONF^C\r"
                 "RGS|2\rAIS|1||XR^X-Ray|202611241030|0||2|HR\r");
    cr_expect_str_eq(got,
                     "{\"type\":\"booked\",\"id\":\"F1\",\"start\":\"2026-11-24T09:30:00-06:00\","
                     "\"duration_min\":60,"
                     "\"status\":\"booked\",\"notes\":[\"Bring & "
                     "films\"],\"resource_groups\":[{\"set\":1,\"action\":"
                     "\"A\",\"services\":[{\"code\":\"ECHO\",\"start\":\"2026-11-24T09:30:00-06:"
                     "00\",\"offset_min\":15,"
                     "\"duration_min\":45,\"notes\":[\"first\",\"second\"]}],\"people\":[{\"id\":"
                     "\"1234\",\"role\":"
                     "\"physician\",\"status\":\"CONF\"}],\"places\":[{\"location\":\"ROOM1\"}],"
                     "\"equipment\":[{\"id\":"
                     "\"ECHO7\"}]},{\"set\":2,\"services\":[{\"code\":\"XR\",\"start\":\"2026-11-"
                     "24T10:30:00-06:00\","
                     "\"offset_min\":0,\"duration_min\":120}]}],\"patient\":{\"mrn\":\"4711\","
                     "\"name\":\"DOE\"}}",
                     "%s", got);
}

Test(example, siu_takes_the_earliest_of_the_resources_where_nothing_else_says_when)
{
    appointment_tables();
    const char *got =
        kit_payload(appointment, MSH("SIU^S13^SIU_S12",
                                     "P") "SCH|P1\rPID|1||4711\rRGS|1\rAIS|1||A|202611241130\r"
                                          "AIS|2||B|202611240900\rRGS|2\rAIS|1||C|202611241000\r");
    cr_expect(strstr(got, "{\"type\":\"moved\",\"id\":\"P1\",\"start\":\"2026-11-24T09:00:00-06:"
                          "00\",\"resource_groups\""),
              "%s", got);
    got = kit_payload(appointment,
                      MSH("SIU^S12^SIU_S12", "P") "SCH|P1\rTQ1|1||||||20261124080000\rPID|1||4711\r"
                                                  "RGS|1\rAIS|1||A|202611241130\r");
    cr_expect(strstr(got, "\"start\":\"2026-11-24T08:00:00-06:00\",\"resource_groups\""), "%s",
              got);
    got = kit_run(appointment,
                  MSH("SIU^S12^SIU_S12", "P") "SCH|P1||||||||30|DAYS\rPID|1||4711\rRGS|1\r");
    cr_expect_str_eq(
        got,
        "accepted\nlab held <r.yaml:8:35: SCH-10.1: the table duration-unit has no row for the "
        "value>",
        "%s", got);
}

/* ---- one output per FT1 ---- */

static const char charges[] =
    "route: charges-to-desk\n"
    "from: epic\n"
    "messages: [DFT^P03, DFT^P11]\n"
    "do:\n"
    "  - for: FT1                               # FT1 with its NTE, PR1, ROL\n"
    "    do:\n"
    "      - send: desk\n"
    "        as: billing-event\n"
    "        id: =FT1-2                          # part of the event id; default: $number\n"
    "---\n"
    "map: billing-event\n"
    "reads: DFT_P03\n"
    "at: FT1\n"
    "to: json\n"
    "value:\n"
    "  type: =FT1-6.lookup('transaction-type')\n"
    "  amount: =FT1-11.1\n"
    "  currency: =coalesce(FT1-11.2, 'USD')\n"
    "  service_date: =FT1-4.toDate()\n"
    "  procedure: =coalesce(FT1-25.1, PR1[1]-3.1)\n"
    "  account: =PID-18.1\n"
    "---\n"
    "tables: { transaction-type: { file: types.csv } }\n";

Test(example, one_output_per_ft1)
{
    kit_file("types.csv", "code,type\nCG,charge\nCD,credit\n");
    const char *got = kit_run(
        charges, MSH("DFT^P03^DFT_P03",
                     "P") "PID|1||4711^^^EPIC^MR|||||||||||||||A77^^^EPIC\r"
                          "FT1|1|T1||20261120||CG|||||125.50&USD\rPR1|1||99213^Visit\r"
                          "FT1|2|T2||202611210930||CD|||||5&EUR||||||||||||||80061^Lipids\r");
    cr_expect_str_eq(
        got,
        "accepted\n"
        "desk id=T1 EPIC/4711: "
        "{\"type\":\"charge\",\"amount\":\"125.50\",\"currency\":\"USD\",\"service_date\":"
        "\"2026-11-20\",\"procedure\":\"99213\",\"account\":\"A77\"}\n"
        "desk id=T2 EPIC/4711: "
        "{\"type\":\"credit\",\"amount\":\"5\",\"currency\":\"USD\",\"service_date\":"
        "\"2026-11-21\",\"procedure\":\"80061\",\"account\":\"A77\"}",
        "%s", got);
    got = kit_run(charges, MSH("DFT^P11^DFT_P11",
                               "P") "PID|1||4711^^^EPIC^MR\rFT1|1|T3||20261120||CG|||||7\r");
    cr_expect_str_eq(got,
                     "accepted\ndesk id=T3 EPIC/4711: "
                     "{\"type\":\"charge\",\"amount\":\"7\",\"currency\":\"USD\","
                     "\"service_date\":\"2026-11-20\"}",
                     "%s", got);
}

/* ---- one message per group ---- */

Test(example, one_message_per_group)
{
    static const char text[] = "route: nightly-results\n"
                               "from: bulk\n"
                               "messages: [ORU^R01]\n"
                               "do:\n"
                               "  - for: PATIENT_RESULT                    # one message per "
                               "patient; `for: PID` would be PATIENT, without its "
                               "OBRs\n"
                               "    do:\n"
                               "      - send: lab\n"
                               "        part: current                      # everything except the "
                               "other PATIENT_RESULTs\n";
    kit_source = 3;
    const char *got = kit_run(
        text, MSH("ORU^R01^ORU_R01", "P") "PID|1||1\rOBR|1\rOBX|1|ST|A\rOBR|2\rPID|2||2\rOBR|1\r"
                                          "OBX|1|ST|B\r");
    cr_expect_str_eq(
        got,
        "accepted\n"
        "lab bulk id=1: " MSH("ORU^R01^ORU_R01",
                              "P") "PID|1||1\rOBR|1\rOBX|1|ST|A\rOBR|2\r\n"
                                   "lab bulk id=2: " MSH("ORU^R01^ORU_R01",
                                                         "P") "PID|2||2\rOBR|1\rOBX|1|ST|B\r",
        "%s", got);
}

/* ---- tables with two keys ---- */

Test(example, tables_with_two_keys)
{
    static const char text[] =
        "tables:\n"
        "  departments:\n"
        "    file: departments.csv                  # facility,unit,desk_code,phone\n"
        "    keys: [facility, unit]                 # default: the first column\n"
        "    ignore-case: true\n"
        "    on-miss: hold                          # hold (default) | reject | empty | keep\n"
        "  sex: { file: sex.csv }\n"
        "---\n"
        "map: where\n"
        "reads: ADT\n"
        "to: json\n"
        "value:\n"
        "  department: =lookup('departments', MSH-4.1, PV1-3.1)\n"
        "  phone: =lookup('departments', MSH-4.1, PV1-3.1).phone\n"
        "  sex: =PID-8.lookup('sex')\n"
        "---\n"
        "route: a\nfrom: epic\nmessages: [ADT^A01]\non-error: reject\ndo: { send: lab, as: where "
        "}\n";
    kit_file("departments.csv",
             "facility,unit,desk_code,phone\nmain,w1,D1,555-1\nMAIN,*,D0,555-0\nNORTH,,N,\n");
    cr_expect_str_eq(kit_payload(text, MSH("ADT^A01", "P") "PID|1|||||||F\rPV1|1|I|W1\r"),
                     "{\"department\":\"D1\",\"phone\":\"555-1\",\"sex\":\"female\"}");
    cr_expect_str_eq(kit_payload(text, MSH("ADT^A01", "P") "PID|1\rPV1|1|I|W9\r"),
                     "{\"department\":\"D0\",\"phone\":\"555-0\"}");
    cr_expect_str_eq(
        kit_payload(text, "MSH|^~\\&|E|North|D|X|2026||ADT^A01|M1|P|2.5.1\rPID|1\rPV1|1|I\r"),
        "{\"department\":\"N\"}");
    cr_expect_str_eq(
        kit_run(text, "MSH|^~\\&|E|West|D|X|2026||ADT^A01|M1|P|2.5.1\rPID|1\rPV1|1|I|W1\r"),
        "accepted\nlab held <r.yaml:13:16: MSH-4.1: the table departments has no row for the "
        "value>");
}

/* ---- dates ---- */

Test(example, dates)
{
    static const char text[] =
        "map: dates\n"
        "reads: SIU_S12\n"
        "to: json\n"
        "let:\n"
        "  tz: =coalesce(PV1-3.4.1.lookup('facility-tz'), $source.timezone)\n"
        "value:\n"
        "  start: =SCH-11[1].4.toDateTime($tz)\n"
        "  birth: =PID-7.toDate()                   # 1980 -> \"1980\", 198003 -> \"1980-03\"\n"
        "  day: =SCH-11[1].4.format('MM/dd/yyyy', $tz)\n"
        "---\n"
        "tables: { facility-tz: { file: zones.csv, on-miss: empty } }\n"
        "---\n"
        "route: a\nfrom: profiled\nmessages: [SIU^S12]\ndo: { send: lab, as: dates }\n";
    kit_file("zones.csv", "facility,zone\nBERLIN,Europe/Berlin\n");
    kit_source = 2;
    cr_expect_str_eq(
        kit_payload(text, MSH("SIU^S12", "P") "SCH|1||||||||||^^^202611240930\rPID|1||||||1980\r"),
        "{\"start\":\"2026-11-24T09:30:00-06:00\",\"birth\":\"1980\",\"day\":\"11/24/2026\"}");
    cr_expect_str_eq(
        kit_payload(text,
                    MSH("SIU^S12", "P") "SCH|1||||||||||^^^202611242330-0600\rPID|1||||||198003\r"
                                        "PV1|1|O|W1^2^^BERLIN\r"),
        "{\"start\":\"2026-11-24T23:30:00-06:00\",\"birth\":\"1980-03\",\"day\":\"11/25/2026\"}");
}

/* ---- segments and repetitions ---- */

Test(example, segments_and_repetitions)
{
    static const char text[] =
        "steps: tidy\n"
        "reads: ORU_R01\n"
        "do:\n"
        "  - delete: Z*\n"
        "    except: [ZPI]\n"
        "  - delete: PID-13[2]\n"
        "  - delete: OBX\n"
        "    if: OBX-11.oneOf('D', 'W')              # with delete/keep of a repeating place, `if` "
        "asks each one\n"
        "  - for: OBX\n"
        "    do:\n"
        "      - add: NTE\n"
        "        after: OBX\n"
        "        set: { 1: 1, 3: reviewed by interface }\n"
        "        if: OBX-8.exists($this = 'AA')\n"
        "  - for: OBR\n"
        "    do:\n"
        "      - set: { OBR-1: =$number }\n"
        "      - for: OBX\n"
        "        do:\n"
        "          - set: { OBX-1: =$number }       # restarts under each OBR\n"
        "  - copy: NK1[1]                           # a segment or the group it opens\n"
        "    after: NK1[last]\n"
        "  - keep: [MSH, PID, ORC, OBR, OBX, NTE, ZPI]\n"
        "---\n"
        "route: a\nfrom: epic\nmessages: [ORU^R01]\ndo: [{ use: tidy }, { send: lab }]\n";
    const char *got = kit_payload(
        text, MSH("ORU^R01^ORU_R01",
                  "P") "PID|1||1||||||||||5-1~5-2~5-3\rNK1|1|A\rZPI|1\rZAB|1\rORC|RE\rOBR|7\r"
                       "OBX|4|ST|A||x|||AA~H|||F\rOBX|5|ST|B||y|||N|||D\rOBX|6|ST|C||z|||N|||"
                       "F\rOBR|9\rTQ1|1\r"
                       "OBX|9|ST|D||w|||N~AA|||F\rNTE|5||own\r");
    cr_expect_str_eq(
        got,
        MSH("ORU^R01^ORU_R01",
            "P") "PID|1||1||||||||||5-1~5-3\rZPI|1\rORC|RE\rOBR|1\r"
                 "OBX|1|ST|A||x|||AA~H|||F\rNTE|1||reviewed by "
                 "interface\rOBX|2|ST|C||z|||N|||F\rOBR|2\r"
                 "OBX|1|ST|D||w|||N~AA|||F\rNTE|1||reviewed by interface\rNTE|5||own\r",
        "%s", got);
}

/* ---- either, or ---- */

Test(example, either_or)
{
    static const char text[] =
        "route: by-department\n"
        "from: epic\n"
        "messages: [SIU^S12..S26]\n"
        "do:\n"
        "  - choose:\n"
        "      - if: PV1-3.4.1 = 'ONC'\n"
        "        do: { send: all }\n"
        "      - if: RGS.AIS-3.1.oneOf('MRI', 'CT')\n"
        "        do:\n"
        "          - send: lab\n"
        "          - send: desk\n"
        "            as: appointment-event\n"
        "      - else:\n"
        "          send: desk\n"
        "          as: appointment-event\n"
        "---\n"
        "map: appointment-event\nreads: SIU_S12\nto: json\nvalue: { id: =SCH-1.1 }\n";
#define SIU(rest) MSH("SIU^S12", "P") "SCH|1\rPID|1||7\r" rest
    static const struct row rows[] = {
        {"the department", SIU("PV1|1|O|W^^^ONC\rRGS|1\rAIS|1||CT\r"),
         "accepted\nall /*: " SIU("PV1|1|O|W^^^ONC\rRGS|1\rAIS|1||CT\r")},
        {"a service of any group", SIU("PV1|1|O|W^^^MED\rRGS|1\rAIS|1||US\rRGS|2\rAIS|1||CT\r"),
         "accepted\nlab: " SIU(
             "PV1|1|O|W^^^MED\rRGS|1\rAIS|1||US\rRGS|2\rAIS|1||CT\r") "\ndesk /7: {\"id\":\"1\"}"},
        {"neither", SIU("PV1|1|O|W^^^MED\rRGS|1\rAIS|1||US\r"),
         "accepted\ndesk /7: {\"id\":\"1\"}"},
        {"nothing known", SIU("RGS|1\r"), "accepted\ndesk /7: {\"id\":\"1\"}"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *got = kit_run(text, rows[i].text);
        cr_expect_str_eq(got, rows[i].want, "%s: %s", rows[i].name, got);
    }
}

/* ---- text, empty and null ---- */

Test(example, text_empty_and_null)
{
    static const char contact[] =
        "map: contact\n"
        "reads: ADT\n"
        "to: json\n"
        "nulls: null                                # omit (default) | null | error: what an HL7 "
        "\"\" becomes\n"
        "value:\n"
        "  phone: =PID-13[1].1                      # absent: key left out; \"\": JSON null\n"
        "  note: =NTE-3.text().join('\\n')           # \\.br\\ becomes a line feed, \\T\\ an "
        "ampersand\n"
        "  cleared: =PID-19.state() = 'null'\n"
        "---\n"
        "route: a\nfrom: epic\nmessages: [ADT^A01]\ndo: { send: lab, as: contact }\n";
    cr_expect_str_eq(
        kit_payload(
            contact,
            MSH("ADT^A01", "P") "PID|1||7\rNTE|1||one\\.br\\two\rNTE|2||\\H\\a\\N\\ \\T\\ b\r"),
        "{\"note\":\"one\\ntwo\\na & b\",\"cleared\":false}");
    cr_expect_str_eq(kit_payload(contact, MSH("ADT^A01", "P") "PID|1||7||||||||||\"\"||||||\"\"\r"),
                     "{\"phone\":null,\"cleared\":true}");
    cr_expect_str_eq(kit_payload(contact, MSH("ADT^A01", "P") "PID|1||7||||||||||555^PRN||||||x\r"),
                     "{\"phone\":\"555\",\"cleared\":false}");
}

Test(example, write_note)
{
    static const char text[] =
        "steps: write-note\n"
        "reads: ADT\n"
        "do:\n"
        "  - set:\n"
        "      NTE-3: ='first line\\nsecond & last'   # engine writes first line\\.br\\second "
        "\\T\\ last\n"
        "      PID-14: =null()                        # writes \"\"\n"
        "  - delete: PID-19                           # nothing there any more, not even \"\"\n"
        "---\n"
        "route: a\nfrom: epic\nmessages: [ADT^A01]\ndo: [{ use: write-note }, { send: lab }]\n";
    cr_expect_str_eq(kit_payload(text, MSH("ADT^A01", "P") "PID|1||7||||||||||||||||\"\"|x\r"),
                     MSH("ADT^A01", "P") "PID|1||7|||||||||||\"\"|||||"
                                         "|x\rNTE|||first line\\.br\\second \\T\\ last\r");
}
