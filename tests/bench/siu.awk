# awk -v n=20000 -f siu.awk - so many bookings (SIU^S12) of 3.5 kB, with three groups of resources, for `corridor convert`.
BEGIN {
    for (i = 0; i < n; i++) {
        m = "MSH|^~\\&|ADT^1.2.840.99^ISO|NORTH|CORRIDOR|DESK|20261124093000||SIU^S12^SIU_S12|C" i "|P|2.5.1\r" \
            "SCH|P" i "^EPIC|F" i "^EPIC|||||FOLLOWUP^Follow-up visit^L|RETURN^Return visit^HL70276|30|MIN|" \
            "^^30^202611240930^202611241000|||||U027^CLERK^ROSA|^WPN^PH^^1^555^5550190|||U027^CLERK^ROSA|||||Booked\r" \
            "NTE|1|L|Bring referral \\T\\ insurance card\\.br\\Arrive 15 minutes early\r" \
            "PID|1||" 100000 + i "^^^NORTH&1.2.840.99.1&ISO^MR~" i "^^^STATE&1.2.840.99.2&ISO^SS||TESTPERSON" i "^ANNA^B^^MS^^L||" \
            "19800102|F|||" i % 9 " SAMPLE ST^APT 4^SPRINGFIELD^IL^62701^USA^H||^PRN^PH^^1^555^5550101||EN|M\r" \
            "PV1|1|O|W" i "^101^A^MAIN^^^^^B2||||DOC" i "^SAMPLE^SALLY^^^DR|||MED\r"
        for (g = 1; g <= 3; g++) {
            m = m "RGS|" g "|A|GROUP" g "\r" \
                "AIS|1|A|9921" g "^OFFICE VISIT EST LEVEL " g "^CPT|202611240930|" 10 * g "|MIN|30|MIN|N|Booked\r" \
                "NTE|1|L|Fasting since midnight, water is allowed, please confirm by telephone\r" \
                "AIG|1|A|EQ" g "^SCANNER " g "^L|EQ^EQUIPMENT||||202611240930|||30|MIN\r" \
                "AIL|1|A|ROOM" g "^" g "^1^MAIN|C^CLINIC^HL70305||202611240930|||30|MIN\r" \
                "NTE|1|L|Entrance on the north side of the building, second floor, left\r" \
                "AIP|1|A|DOC" i % 50 "^SAMPLE^SALLY^^^DR|D^ATTENDING^HL70286||202611240930|||30|MIN\r" \
                "AIP|2|A|DOC" i % 60 "^OTHER^OTTO^^^DR|N^NURSE^HL70286||202611240930|||30|MIN\r"
        }
        while (length(m) < 3500) {
            m = m "ZAP|1|appointment note of the sender, " i "|free text that nobody reads\r"
        }
        printf "%s", m
    }
}
