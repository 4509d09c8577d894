#include "engine/rules/func.h"

#include "engine/rules/check.h"
#include "engine/rules/eval_priv.h"

/* clang-format off */
static const struct func funcs[] = {
    {"exists", 0, 1, FUNC_SET, SHAPE_BOOLEAN, FUNC_LAMBDA | FUNC_CONDITION | FUNC_CERTAIN | FUNC_GIVES_ONE | FUNC_PURE,
     func_exists, "[condition]",
     "true if there is a value (for which the condition is true)"},
    {"empty", 0, 0, FUNC_SET, SHAPE_BOOLEAN, FUNC_CERTAIN | FUNC_GIVES_ONE | FUNC_PURE,
     func_empty, "",
     "true if there is no value"},
    {"not", 0, 0, FUNC_ONE, SHAPE_BOOLEAN, FUNC_PURE,
     func_not, "",
     "the opposite of a truth value"},
    {"count", 0, 0, FUNC_SET, SHAPE_NUMBER, FUNC_CERTAIN | FUNC_GIVES_ONE | FUNC_PURE,
     func_count, "",
     "the number of values"},
    {"all", 1, 1, FUNC_SET, SHAPE_BOOLEAN, FUNC_LAMBDA | FUNC_CONDITION | FUNC_CERTAIN | FUNC_GIVES_ONE,
     func_all, "condition",
     "true if the condition is true for each value, also when there is none"},
    {"allTrue", 0, 0, FUNC_SET, SHAPE_BOOLEAN, FUNC_CERTAIN | FUNC_GIVES_ONE,
     func_all_true, "",
     "true if every value is true"},
    {"anyTrue", 0, 0, FUNC_SET, SHAPE_BOOLEAN, FUNC_CERTAIN | FUNC_GIVES_ONE,
     func_any_true, "",
     "true if one of the values is true"},
    {"allFalse", 0, 0, FUNC_SET, SHAPE_BOOLEAN, FUNC_CERTAIN | FUNC_GIVES_ONE,
     func_all_false, "",
     "true if every value is false"},
    {"anyFalse", 0, 0, FUNC_SET, SHAPE_BOOLEAN, FUNC_CERTAIN | FUNC_GIVES_ONE,
     func_any_false, "",
     "true if one of the values is false"},
    {"subsetOf", 1, 1, FUNC_SET, SHAPE_BOOLEAN, FUNC_CERTAIN | FUNC_GIVES_ONE | FUNC_LISTS,
     func_subset_of, "other",
     "true if every value is among the others"},
    {"supersetOf", 1, 1, FUNC_SET, SHAPE_BOOLEAN, FUNC_CERTAIN | FUNC_GIVES_ONE | FUNC_LISTS,
     func_superset_of, "other",
     "true if every one of the others is among the values"},
    {"isDistinct", 0, 0, FUNC_SET, SHAPE_BOOLEAN, FUNC_CERTAIN | FUNC_GIVES_ONE,
     func_is_distinct, "",
     "true if no value occurs twice"},
    {"where", 1, 1, FUNC_SET, SHAPE_INPUT, FUNC_LAMBDA | FUNC_CONDITION,
     func_where, "condition",
     "the values for which the condition is true"},
    {"select", 1, 1, FUNC_SET, SHAPE_ANY, FUNC_LAMBDA | FUNC_LISTS,
     func_select, "formula",
     "what the formula gives for each value"},
    {"repeat", 1, 1, FUNC_SET, SHAPE_ANY, FUNC_LAMBDA | FUNC_LISTS | FUNC_MANY,
     func_repeat, "formula",
     "what the formula gives for each value, and for each new one again"},
    {"repeatAll", 1, 1, FUNC_SET, SHAPE_ANY, FUNC_LAMBDA | FUNC_LISTS | FUNC_MANY,
     func_repeat_all, "formula",
     "the same, with what is found twice; one that finds without end is an error"},
    {"ofType", 1, 1, FUNC_SET, SHAPE_INPUT, FUNC_TYPE,
     func_of_type, "type",
     "the values of that type"},
    {"aggregate", 1, 2, FUNC_SET, SHAPE_ANY, FUNC_LAMBDA | FUNC_LISTS,
     func_aggregate, "formula[, start]",
     "what the formula makes of each value and $total, what it gave before"},
    {"first", 0, 0, FUNC_SET, SHAPE_INPUT, FUNC_GIVES_ONE,
     func_first, "",
     "the first value"},
    {"last", 0, 0, FUNC_SET, SHAPE_INPUT, FUNC_GIVES_ONE,
     func_last, "",
     "the last value"},
    {"single", 0, 0, FUNC_SET, SHAPE_INPUT, FUNC_GIVES_ONE,
     func_single, "",
     "the value; several are an error"},
    {"tail", 0, 0, FUNC_SET, SHAPE_INPUT, 0,
     func_tail, "",
     "all values but the first"},
    {"skip", 1, 1, FUNC_SET, SHAPE_INPUT, 0,
     func_skip, "n",
     "the values behind the first n"},
    {"take", 1, 1, FUNC_SET, SHAPE_INPUT, 0,
     func_take, "n",
     "the first n values"},
    {"distinct", 0, 0, FUNC_SET, SHAPE_INPUT, 0,
     func_distinct, "",
     "each different value once"},
    {"intersect", 1, 1, FUNC_SET, SHAPE_INPUT, FUNC_LISTS,
     func_intersect, "other",
     "each different value that is among the others, too"},
    {"exclude", 1, 1, FUNC_SET, SHAPE_INPUT, FUNC_LISTS,
     func_exclude, "other",
     "the values that are not among the others"},
    {"union", 1, 1, FUNC_SET, SHAPE_INPUT, FUNC_LISTS | FUNC_MANY,
     func_union, "other",
     "each different value of both, in order of first appearance"},
    {"combine", 1, 2, FUNC_SET, SHAPE_INPUT, FUNC_LISTS | FUNC_MANY,
     func_combine, "other[, true]",
     "the values, then the others, nothing left out; always in this order, which `true` asks for"},
    {"sort", 0, FORMULA_ARGS_MAX, FUNC_SET, SHAPE_INPUT, FUNC_LAMBDA,
     func_sort, "[key [desc], ...]",
     "the values in ascending order (of keys made of each); `desc` behind a key turns it round, a missing key comes first"},
    {"sum", 0, 0, FUNC_SET, SHAPE_ANY, FUNC_GIVES_ONE,
     func_sum, "",
     "the sum of numbers or quantities; nothing where there are none"},
    {"avg", 0, 0, FUNC_SET, SHAPE_ANY, FUNC_GIVES_ONE,
     func_avg, "",
     "the average of numbers or quantities; nothing where there are none"},
    {"min", 0, 0, FUNC_SET, SHAPE_INPUT, FUNC_GIVES_ONE,
     func_min, "",
     "the least of the values"},
    {"max", 0, 0, FUNC_SET, SHAPE_INPUT, FUNC_GIVES_ONE,
     func_max, "",
     "the greatest of the values"},
    {"coalesce", 1, FORMULA_ARGS_MAX, FUNC_MAYBE, SHAPE_ANY, FUNC_LAMBDA | FUNC_LISTS,
     func_coalesce, "formula, ...",
     "what the first formula that gives something gives"},
    {"iif", 2, 3, FUNC_MAYBE, SHAPE_ANY, FUNC_LAMBDA | FUNC_CONDITION | FUNC_LISTS,
     func_iif, "condition, then[, else]",
     "`then` if the condition is true, otherwise `else`; the other one is not evaluated"},
    {"oneOf", 1, FORMULA_ARGS_MAX, FUNC_SET, SHAPE_BOOLEAN, FUNC_CERTAIN | FUNC_TEXT | FUNC_GIVES_ONE,
     func_one_of, "'a', 'b', ...",
     "true if a value equals an argument exactly, otherwise false, also when there is no value"},
    {"is", 1, 1, FUNC_ONE, SHAPE_BOOLEAN, FUNC_TYPE,
     func_is, "type",
     "true if the value is of that type"},
    {"as", 1, 1, FUNC_ONE, SHAPE_INPUT, FUNC_TYPE,
     func_as, "type",
     "the value if it is of that type"},
    {"type", 0, 0, FUNC_EACH, SHAPE_ANY, 0,
     func_type, "",
     "an object that says the type: namespace (System, FHIR, HL7), name and baseType"},
    {"children", 0, 0, FUNC_EACH, SHAPE_ANY, FUNC_MANY,
     func_children, "",
     "everything directly below a value of FHIR or JSON data"},
    {"descendants", 0, 0, FUNC_EACH, SHAPE_ANY, FUNC_MANY,
     func_descendants, "",
     "everything below a value of FHIR or JSON data, at any depth"},
    {"extension", 1, 1, FUNC_EACH, SHAPE_ANY, FUNC_MANY,
     func_extension, "url",
     "the extensions of a FHIR element or primitive that have the URL"},
    {"hasValue", 0, 0, FUNC_SET, SHAPE_BOOLEAN, FUNC_CERTAIN | FUNC_GIVES_ONE,
     func_has_value, "",
     "true if there is one primitive, and it has a value and not only extensions"},
    {"getValue", 0, 0, FUNC_SET, SHAPE_INPUT, FUNC_GIVES_ONE,
     func_get_value, "",
     "the value of a FHIR primitive as a plain one of the language"},
    {"resolve", 0, 0, FUNC_EACH, SHAPE_ANY, 0,
     func_resolve, "",
     "the resource that a FHIR reference names, in the same Bundle or contained; nothing elsewhere"},
    {"conformsTo", 1, 1, FUNC_ONE, SHAPE_BOOLEAN, 0,
     func_conforms_to, "url",
     "true if it is of the FHIR type with this URL, or based on it; profiles are not known"},
    {"memberOf", 1, 1, FUNC_ONE, SHAPE_BOOLEAN, 0,
     func_member_of, "url",
     "true if a code, Coding or CodeableConcept is in the value set; of those that elements of R4 are bound to"},
    {"htmlChecks", 0, 0, FUNC_EACH, SHAPE_BOOLEAN, 0,
     func_html_checks, "",
     "true if the XHTML of a narrative is what FHIR allows in it"},
    {"checkModifiers", 0, FORMULA_ARGS_MAX, FUNC_EACH, SHAPE_INPUT, 0,
     func_check_modifiers, "url, ...",
     "the values as they are; one with a modifierExtension that has another URL is an error"},
    {"startsWith", 1, 1, FUNC_ONE, SHAPE_BOOLEAN, FUNC_TEXT | FUNC_STRING | FUNC_PURE,
     func_starts_with, "text",
     "true if the text begins with the other"},
    {"endsWith", 1, 1, FUNC_ONE, SHAPE_BOOLEAN, FUNC_TEXT | FUNC_STRING | FUNC_PURE,
     func_ends_with, "text",
     "true if the text ends with the other"},
    {"contains", 1, 1, FUNC_ONE, SHAPE_BOOLEAN, FUNC_TEXT | FUNC_STRING | FUNC_PURE,
     func_contains, "text",
     "true if the text holds the other"},
    {"indexOf", 1, 1, FUNC_ONE, SHAPE_NUMBER, FUNC_TEXT | FUNC_STRING | FUNC_PURE,
     func_index_of, "text",
     "where the other text begins, counted from 0, or -1"},
    {"lastIndexOf", 1, 1, FUNC_ONE, SHAPE_NUMBER, FUNC_TEXT | FUNC_STRING | FUNC_PURE,
     func_last_index_of, "text",
     "where the other text begins last, counted from 0, or -1"},
    {"substring", 1, 2, FUNC_ONE, SHAPE_STRING, FUNC_TEXT | FUNC_STRING | FUNC_PURE,
     func_substring, "start[, length]",
     "characters from `start` on, counted from 0"},
    {"length", 0, 0, FUNC_ONE, SHAPE_NUMBER, FUNC_TEXT | FUNC_STRING | FUNC_PURE,
     func_length, "",
     "the number of characters"},
    {"upper", 0, 0, FUNC_ONE, SHAPE_STRING, FUNC_TEXT | FUNC_STRING | FUNC_PURE,
     func_upper, "",
     "in capitals (A to Z)"},
    {"lower", 0, 0, FUNC_ONE, SHAPE_STRING, FUNC_TEXT | FUNC_STRING | FUNC_PURE,
     func_lower, "",
     "in small letters (a to z)"},
    {"trim", 0, 0, FUNC_ONE, SHAPE_STRING, FUNC_TEXT | FUNC_STRING | FUNC_PURE,
     func_trim, "",
     "without blanks at both ends"},
    {"replace", 2, 2, FUNC_ONE, SHAPE_STRING, FUNC_TEXT | FUNC_STRING | FUNC_PURE,
     func_replace, "pattern, substitution",
     "every occurrence of the text `pattern` replaced"},
    {"matches", 1, 2, FUNC_ONE, SHAPE_BOOLEAN, FUNC_TEXT | FUNC_STRING | FUNC_PURE,
     func_matches, "'expression'[, 'im']",
     "true if the regular expression matches a part of the text; i: small letters as capitals, m: ^ and $ at each line"},
    {"matchesFull", 1, 2, FUNC_ONE, SHAPE_BOOLEAN, FUNC_TEXT | FUNC_STRING | FUNC_PURE,
     func_matches_full, "'expression'[, 'im']",
     "true if the regular expression matches the whole text"},
    {"replaceMatches", 2, 3, FUNC_ONE, SHAPE_STRING, FUNC_TEXT | FUNC_STRING | FUNC_PURE,
     func_replace_matches, "'expression', substitution[, 'im']",
     "every match of the regular expression replaced; $1 is its first group"},
    {"split", 1, 1, FUNC_ONE, SHAPE_STRING, FUNC_TEXT | FUNC_STRING | FUNC_MANY,
     func_split, "separator",
     "the texts between the separators"},
    {"join", 0, 1, FUNC_SET, SHAPE_STRING, FUNC_TEXT | FUNC_GIVES_ONE,
     func_join, "[separator]",
     "all values as one text"},
    {"toChars", 0, 0, FUNC_ONE, SHAPE_STRING, FUNC_TEXT | FUNC_STRING | FUNC_MANY,
     func_to_chars, "",
     "each character as a text"},
    {"encode", 1, 1, FUNC_ONE, SHAPE_STRING, FUNC_TEXT | FUNC_STRING | FUNC_PURE,
     func_encode, "'base64'",
     "the text in base64, urlbase64 or hex; in ascii, other letters as ?"},
    {"decode", 1, 1, FUNC_ONE, SHAPE_STRING, FUNC_TEXT | FUNC_STRING | FUNC_PURE,
     func_decode, "'base64'",
     "the text that was encoded in base64, urlbase64 or hex"},
    {"escape", 1, 1, FUNC_ONE, SHAPE_STRING, FUNC_TEXT | FUNC_STRING | FUNC_PURE,
     func_escape, "'html'",
     "the text as it is written in html or json"},
    {"unescape", 1, 1, FUNC_ONE, SHAPE_STRING, FUNC_TEXT | FUNC_STRING | FUNC_PURE,
     func_unescape, "'html'",
     "the text that was escaped for html or json"},
    {"toString", 0, 0, FUNC_EACH, SHAPE_STRING, FUNC_TEXT | FUNC_PURE | FUNC_SINGLE,
     func_to_string, "",
     "as text"},
    {"toInteger", 0, 0, FUNC_EACH, SHAPE_NUMBER, FUNC_TEXT | FUNC_PURE | FUNC_SINGLE,
     func_to_integer, "",
     "as a whole number; a text that is none is an error"},
    {"toLong", 0, 0, FUNC_EACH, SHAPE_NUMBER, FUNC_TEXT | FUNC_PURE | FUNC_SINGLE,
     func_to_long, "",
     "as a whole number of 64 bits; a text that is none is an error"},
    {"toDecimal", 0, 0, FUNC_EACH, SHAPE_NUMBER, FUNC_TEXT | FUNC_PURE | FUNC_SINGLE,
     func_to_decimal, "",
     "as a number; a text that is none is an error"},
    {"toBoolean", 0, 0, FUNC_EACH, SHAPE_BOOLEAN, FUNC_TEXT | FUNC_PURE | FUNC_SINGLE,
     func_to_boolean, "",
     "true, t, yes, y, 1 as true, false, f, no, n, 0 as false; another text is an error"},
    {"toQuantity", 0, 1, FUNC_EACH, SHAPE_ANY, FUNC_TEXT | FUNC_PURE | FUNC_SINGLE,
     func_to_quantity, "[unit]",
     "as a number with a unit (converted into the one given); a text that is none is an error"},
    {"toDate", 0, 1, FUNC_EACH, SHAPE_DATE, FUNC_TEXT | FUNC_SINGLE,
     func_to_date, "['pattern']",
     "as a date of its own precision; a text that is none is an error; of a text as 'dd.MM.yyyy' says"},
    {"toDateTime", 0, 2, FUNC_EACH, SHAPE_DATE, FUNC_TEXT | FUNC_ZONE | FUNC_SINGLE,
     func_to_date_time, "['pattern'][, zone]",
     "as a point in time; without an offset in the data the zone says which, else that of the feed; of a text as "
     "'dd.MM.yyyy HH:mm' says"},
    {"toTime", 0, 0, FUNC_EACH, SHAPE_DATE, FUNC_TEXT | FUNC_SINGLE,
     func_to_time, "",
     "as a time of day; a text that is none is an error"},
    {"convertsToString", 0, 0, FUNC_ONE, SHAPE_BOOLEAN, 0,
     func_converts_to_string, "",
     "true if toString() gives something"},
    {"convertsToInteger", 0, 0, FUNC_ONE, SHAPE_BOOLEAN, FUNC_PURE,
     func_converts_to_integer, "",
     "true if toInteger() gives something"},
    {"convertsToLong", 0, 0, FUNC_ONE, SHAPE_BOOLEAN, FUNC_PURE,
     func_converts_to_long, "",
     "true if toLong() gives something"},
    {"convertsToDecimal", 0, 0, FUNC_ONE, SHAPE_BOOLEAN, FUNC_PURE,
     func_converts_to_decimal, "",
     "true if toDecimal() gives something"},
    {"convertsToBoolean", 0, 0, FUNC_ONE, SHAPE_BOOLEAN, FUNC_PURE,
     func_converts_to_boolean, "",
     "true if toBoolean() gives something"},
    {"convertsToQuantity", 0, 1, FUNC_ONE, SHAPE_BOOLEAN, FUNC_PURE,
     func_converts_to_quantity, "[unit]",
     "true if toQuantity() gives something"},
    {"convertsToDate", 0, 1, FUNC_ONE, SHAPE_BOOLEAN, 0,
     func_converts_to_date, "['pattern']",
     "true if toDate() gives something"},
    {"convertsToDateTime", 0, 1, FUNC_ONE, SHAPE_BOOLEAN, 0,
     func_converts_to_date_time, "['pattern']",
     "true if toDateTime() gives something"},
    {"convertsToTime", 0, 0, FUNC_ONE, SHAPE_BOOLEAN, 0,
     func_converts_to_time, "",
     "true if toTime() gives something"},
    {"abs", 0, 0, FUNC_ONE, SHAPE_NUMBER, FUNC_TEXT | FUNC_PURE,
     func_abs, "",
     "without its sign"},
    {"ceiling", 0, 0, FUNC_ONE, SHAPE_NUMBER, FUNC_TEXT | FUNC_PURE,
     func_ceiling, "",
     "the next whole number from it upward"},
    {"floor", 0, 0, FUNC_ONE, SHAPE_NUMBER, FUNC_TEXT | FUNC_PURE,
     func_floor, "",
     "the next whole number from it downward"},
    {"truncate", 0, 0, FUNC_ONE, SHAPE_NUMBER, FUNC_TEXT | FUNC_PURE,
     func_truncate, "",
     "without its digits behind the point"},
    {"round", 0, 1, FUNC_ONE, SHAPE_NUMBER, FUNC_TEXT | FUNC_PURE,
     func_round, "[places]",
     "rounded, half away from zero"},
    {"sqrt", 0, 0, FUNC_ONE, SHAPE_NUMBER, FUNC_TEXT | FUNC_PURE,
     func_sqrt, "",
     "the square root; nothing below 0"},
    {"exp", 0, 0, FUNC_ONE, SHAPE_NUMBER, FUNC_TEXT | FUNC_PURE,
     func_exp, "",
     "e to that power"},
    {"ln", 0, 0, FUNC_ONE, SHAPE_NUMBER, FUNC_TEXT | FUNC_PURE,
     func_ln, "",
     "the natural logarithm; nothing for 0 and below"},
    {"log", 1, 1, FUNC_ONE, SHAPE_NUMBER, FUNC_TEXT | FUNC_PURE,
     func_log, "base",
     "the logarithm to a base"},
    {"power", 1, 1, FUNC_ONE, SHAPE_NUMBER, FUNC_TEXT | FUNC_PURE,
     func_power, "exponent",
     "to the power of the other number"},
    {"comparable", 1, 1, FUNC_ONE, SHAPE_BOOLEAN, 0,
     func_comparable, "quantity",
     "true if the units of both quantities can be converted into each other"},
    {"lowBoundary", 0, 1, FUNC_ONE, SHAPE_INPUT, 0,
     func_low_boundary, "[digits]",
     "the least that a number, date or time of its precision can mean"},
    {"highBoundary", 0, 1, FUNC_ONE, SHAPE_INPUT, 0,
     func_high_boundary, "[digits]",
     "the most that a number, date or time of its precision can mean"},
    {"precision", 0, 0, FUNC_ONE, SHAPE_NUMBER, 0,
     func_precision, "",
     "the digits behind the point of a number, all digits of a date or time"},
    {"yearOf", 0, 0, FUNC_ONE, SHAPE_NUMBER, 0,
     func_year_of, "",
     "the year of a date"},
    {"monthOf", 0, 0, FUNC_ONE, SHAPE_NUMBER, 0,
     func_month_of, "",
     "its month, if it is given"},
    {"dayOf", 0, 0, FUNC_ONE, SHAPE_NUMBER, 0,
     func_day_of, "",
     "its day of the month, if it is given"},
    {"hourOf", 0, 0, FUNC_ONE, SHAPE_NUMBER, 0,
     func_hour_of, "",
     "the hour of a point in time or a time of day, as it is written"},
    {"minuteOf", 0, 0, FUNC_ONE, SHAPE_NUMBER, 0,
     func_minute_of, "",
     "its minute, if it is given"},
    {"secondOf", 0, 0, FUNC_ONE, SHAPE_NUMBER, 0,
     func_second_of, "",
     "its second, if it is given"},
    {"millisecondOf", 0, 0, FUNC_ONE, SHAPE_NUMBER, 0,
     func_millisecond_of, "",
     "its millisecond, if it is given"},
    {"timezoneOffsetOf", 0, 0, FUNC_ONE, SHAPE_NUMBER, 0,
     func_timezone_offset_of, "",
     "its offset in hours, as -7.0 or 8.75, if it has one"},
    {"dateOf", 0, 0, FUNC_ONE, SHAPE_DATE, 0,
     func_date_of, "",
     "the date of a point in time, as it is written"},
    {"timeOf", 0, 0, FUNC_ONE, SHAPE_DATE, 0,
     func_time_of, "",
     "its time of day, if it has one"},
    {"duration", 2, 2, FUNC_ONE, SHAPE_NUMBER, 0,
     func_duration, "date, 'unit'",
     "the whole years, months, weeks, days, hours, minutes ... from the one to the other"},
    {"difference", 2, 2, FUNC_ONE, SHAPE_NUMBER, 0,
     func_difference, "date, 'unit'",
     "how many turns of the year, month, week (on Sundays), day, hour ... lie between them"},
    {"now", 0, 0, FUNC_NO_INPUT, SHAPE_DATE, FUNC_CERTAIN | FUNC_GIVES_ONE | FUNC_FLEETING,
     func_now, "",
     "when the message was received, in the time zone of the feed"},
    {"today", 0, 0, FUNC_NO_INPUT, SHAPE_DATE, FUNC_CERTAIN | FUNC_GIVES_ONE | FUNC_FLEETING,
     func_today, "",
     "the day the message was received, where the feed is"},
    {"timeOfDay", 0, 0, FUNC_NO_INPUT, SHAPE_DATE, FUNC_CERTAIN | FUNC_GIVES_ONE | FUNC_FLEETING,
     func_time_of_day, "",
     "the time of day the message was received, where the feed is"},
    {"format", 1, 2, FUNC_EACH, SHAPE_STRING, FUNC_TEXT | FUNC_ZONE,
     func_format, "'pattern'[, zone]",
     "a date in CLDR letters, as 'yyyy-MM-dd HH:mm', as the zone shows it"},
    {"trace", 1, 2, FUNC_SET, SHAPE_INPUT, FUNC_LISTS | FUNC_LAMBDA,
     func_trace, "name[, formula]",
     "the values as they are; nothing is logged"},
    {"defineVariable", 1, 2, FUNC_SET, SHAPE_INPUT, FUNC_LISTS,
     func_define_variable, "'name'[, formula]",
     "the values as they are; what stands behind it has them, or what the formula makes of them, as %name"},
    {"lookup", 1, 9, FUNC_MAYBE, SHAPE_STRING, FUNC_TEXT,
     func_lookup, "'table'[, key, ...]",
     "the value of the row whose key is the value before the dot, or the keys given; .column names another column"},
    {"state", 0, 0, FUNC_PATH, SHAPE_STRING, FUNC_CERTAIN | FUNC_GIVES_ONE,
     func_state, "",
     "'absent', 'empty', 'null' or 'value'"},
    {"raw", 0, 0, FUNC_EACH, SHAPE_STRING, 0,
     func_raw, "",
     "the bytes as sent, escapes not decoded"},
    {"isValid", 0, 0, FUNC_EACH, SHAPE_BOOLEAN, 0,
     func_is_valid, "",
     "true if the value is what its type demands: a number, a date"},
    {"text", 0, 0, FUNC_EACH, SHAPE_STRING, FUNC_TEXT,
     func_text, "",
     "the text without formatting escapes; \\.br\\ is a line feed"},
    {"key", 0, 0, FUNC_EACH, SHAPE_INPUT, 0,
     func_key, "",
     "an identifier as an ordering key: its id and authority"},
    {"following", 1, 1, FUNC_EACH, SHAPE_SEGMENT, FUNC_MANY,
     func_following, "'segment'",
     "the segments of that name directly behind it"},
    {"uuid", 1, 1, FUNC_NO_INPUT, SHAPE_STRING, FUNC_CERTAIN | FUNC_GIVES_ONE | FUNC_FLEETING,
     func_uuid, "name",
     "a URN of a UUID made of the message id and the name: the same for the same message"},
    {"sameUuid", 1, 8, FUNC_NO_INPUT, SHAPE_STRING, FUNC_CERTAIN | FUNC_GIVES_ONE,
     func_same_uuid, "text, ...",
     "a URN of a UUID made of the texts alone: the same texts give the same one, whatever the message"},
    {"escaped", 1, 1, FUNC_NO_INPUT, SHAPE_STRING, FUNC_CERTAIN | FUNC_GIVES_ONE,
     func_escaped, "text",
     "bytes that are written as they stand: HL7 escapes"},
    {"null", 0, 0, FUNC_NO_INPUT, SHAPE_NULL, FUNC_CERTAIN | FUNC_GIVES_ONE,
     func_null, "",
     "the explicit null: writes \"\""},
};
/* clang-format on */
enum { NFUNCS = sizeof(funcs) / sizeof(funcs[0]) };

const struct func *func_find(struct str name)
{
    for (unsigned i = 0; i < NFUNCS; i++) {
        if (str_is(name, funcs[i].name)) {
            return &funcs[i];
        }
    }
    return NULL;
}

const struct func *func_at(unsigned index)
{
    return index < NFUNCS ? &funcs[index] : NULL;
}

const char *func_refused(struct str name)
{
    static const struct {
        const char *name, *why;
    } rows[] = {
        {"subsumes", "there is no terminology here; codes are looked up in tables"},
        {"subsumedBy", "there is no terminology here; codes are looked up in tables"},
        {"elementDefinition", "definitions of elements are not read by formulas"},
        {"slice", "profiles are not known here; write where(...)"},
        {"pathname", "values do not know where they stand"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (str_is(name, rows[i].name)) {
            return rows[i].why;
        }
    }
    return NULL;
}

/* What other languages call it. */
static const struct {
    const char *theirs, *ours;
} synonyms[] = {
    {"isEmpty", "empty"},      {"isNull", "empty"},
    {"isNotEmpty", "exists"},  {"notEmpty", "exists"},
    {"isPresent", "exists"},   {"any", "exists"},
    {"some", "exists"},        {"every", "all"},
    {"size", "count"},         {"len", "length"},
    {"toUpperCase", "upper"},  {"toUpper", "upper"},
    {"uppercase", "upper"},    {"toLowerCase", "lower"},
    {"toLower", "lower"},      {"lowercase", "lower"},
    {"includes", "contains"},  {"strip", "trim"},
    {"nvl", "coalesce"},       {"ifNull", "coalesce"},
    {"default", "coalesce"},   {"ifElse", "iif"},
    {"case", "iif"},           {"when", "iif"},
    {"parseInt", "toInteger"}, {"parseFloat", "toDecimal"},
    {"toNumber", "toDecimal"}, {"number", "toDecimal"},
    {"toText", "toString"},    {"regex", "matches"},
    {"filter", "where"},       {"map", "select"},
    {"forEach", "select"},     {"unique", "distinct"},
    {"isIn", "oneOf"},         {"in", "oneOf"},
    {"formatDate", "format"},  {"dateFormat", "format"},
    {"parseDate", "toDate"},   {"translate", "lookup"},
    {"mapCode", "lookup"},     {"left", "substring"},
    {"right", "substring"},    {"mid", "substring"},
    {"slice", "substring"},    {"substr", "substring"},
    {"concat", "join"},        {"toInt", "toInteger"},
    {"toBool", "toBoolean"},   {"toFloat", "toDecimal"},
    {"toDouble", "toDecimal"}, {"asDate", "toDate"},
};

const char *func_nearest(struct str name)
{
    for (size_t i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++) {
        if (str_eq_nocase(name, str_of(synonyms[i].theirs))) {
            return synonyms[i].ours;
        }
    }
    const char *best = NULL;
    unsigned least = check_near_limit(name) + 1;
    for (unsigned i = 0; i < NFUNCS; i++) {
        struct str candidate = str_of(funcs[i].name);
        unsigned far = str_eq_nocase(name, candidate) ? 0 : str_distance(name, candidate);
        if (far < least) {
            least = far;
            best = funcs[i].name;
        }
    }
    return best;
}

static EVAL_APART enum value_answer call_made_text(struct eval *e, const struct call *c,
                                                   const struct node *arg, struct str *out)
{
    struct value v;
    enum value_answer got = eval_one(e, arg, c->s, &v);
    if (got != ANSWER_TRUE) {
        return got;
    }
    return eval_text(e, c->n, &v, out) ? ANSWER_TRUE : ANSWER_FALSE;
}

enum value_answer call_text(struct eval *e, const struct call *c, unsigned i, struct str *out)
{
    const struct node *arg = call_arg(c, i);
    if (arg->op == NODE_LITERAL && arg->value.kind == VALUE_STRING) {
        *out = arg->value.text;
        return ANSWER_TRUE;
    }
    const struct value *held = eval_held(e, arg, c->s);
    if (!held) {
        return call_made_text(e, c, arg, out);
    }
    return eval_text(e, c->n, held, out) ? ANSWER_TRUE : ANSWER_FALSE;
}

enum value_answer call_integer(struct eval *e, const struct call *c, unsigned i, int64_t *out)
{
    const struct node *arg = call_arg(c, i);
    struct value v;
    if (arg->op == NODE_LITERAL && arg->value.kind == VALUE_INTEGER) {
        *out = arg->value.i;
        return ANSWER_TRUE;
    }
    enum value_answer got = eval_one(e, arg, c->s, &v);
    if (got != ANSWER_TRUE) {
        return got;
    }
    bool text = v.kind == VALUE_STRING && !v.is_cell;
    if (text || !eval_number(e, &v, &v) || v.kind != VALUE_INTEGER) {
        eval_fail(e, c->n, "%s() wants a whole number", c->n->func->name);
        return ANSWER_FALSE;
    }
    *out = v.i;
    return ANSWER_TRUE;
}

static bool run_each(struct eval *e, struct call *c, struct values *out)
{
    bool texts = c->n->func->flags & FUNC_TEXT;
    for (uint32_t i = 0; i < c->in->n; i++) {
        c->one = &c->in->v[i];
        if (!(texts && tree_is_hollow(c->one)) && !c->n->func->run(e, c, out)) {
            return eval_fail_about(e, c->n, c->one);
        }
    }
    return true;
}

/* What FHIRPath turns into text only where it is asked to. */
static bool is_no_text(const struct value *v)
{
    return value_is_number(v) || v->kind == VALUE_BOOLEAN || v->kind == VALUE_QUANTITY;
}

/* In a route the one value of the input asks for no more than this. */
static inline bool run_one(struct eval *e, struct call *c, const struct value *v,
                           struct values *out)
{
    c->one = v;
    return c->n->func->run(e, c, out) || eval_fail_about(e, c->n, v);
}

static bool wants_one_each(const struct func *f)
{
    return f->input == FUNC_ONE || f->input == FUNC_EACH;
}

/* Of an input that is a list, or has to be looked at before the function sees it. */
static EVAL_APART bool run_list(struct eval *e, struct call *c, struct values *out)
{
    const struct node *n = c->n;
    const struct values *in = c->in;
    bool is_one =
        n->func->input == FUNC_ONE || (!e->is_route && e->root && (n->func->flags & FUNC_SINGLE));
    if (in->n > 1 && is_one) {
        eval_fail(e, n, "%s() wants one value, there are %u", n->func->name, in->n);
        return eval_fail_held(e, n, &in->v[0]);
    }
    bool is_text = n->func->input == FUNC_ONE && (n->func->flags & FUNC_STRING);
    if (in->n && !e->is_route && is_text && is_no_text(&in->v[0])) {
        return eval_fail(e, n, "%s() wants a text, this is a %s", n->func->name,
                         value_type_text(&in->v[0]));
    }
    return run_each(e, c, out);
}

/* On the one value that is there already. */
static inline bool run_held(struct eval *e, const struct node *n, const struct scope *s,
                            const struct value *v, struct values *out)
{
    struct values in = {(struct value *)(uintptr_t)v, 1, 1}; /* functions only read it */
    struct call c = {.n = n, .s = s, .in = &in};
    return wants_one_each(n->func) ? run_one(e, &c, v, out) : n->func->run(e, &c, out);
}

/* On what stands before the dot, once it is a list. */
static EVAL_APART bool run_behind(struct eval *e, const struct node *n, const struct scope *s,
                                  struct values *out)
{
    VALUES(in);
    struct call c = {.n = n, .s = s, .in = &in};
    if (n->func->input != FUNC_PATH && !eval_node(e, n->arg[0], s, &in)) {
        return false;
    }
    if (!wants_one_each(n->func)) {
        return n->func->run(e, &c, out);
    }
    bool is_simple = in.n == 1 && e->is_route && !tree_is_hollow(in.v);
    return is_simple ? run_one(e, &c, in.v, out) : run_list(e, &c, out);
}

/* Nothing stands before the dot, or what does gives nothing. */
static EVAL_APART bool run_alone(struct eval *e, const struct node *n, const struct scope *s,
                                 struct values *out)
{
    const struct values none = {0};
    struct call c = {.n = n, .s = s, .in = &none};
    return wants_one_each(n->func) || n->func->run(e, &c, out);
}

static EVAL_APART bool run_on_part(struct eval *e, const struct node *n, const struct scope *s,
                                   struct values *out)
{
    struct value v;
    enum value_answer got = eval_part_held(e, n->arg[0], s, &v);
    if (got == ANSWER_TRUE) {
        return run_held(e, n, s, &v, out);
    }
    return got == ANSWER_EMPTY ? run_alone(e, n, s, out) : run_behind(e, n, s, out);
}

/* On what a name or $this holds. */
static EVAL_APART bool run_on_held(struct eval *e, const struct node *n, const struct scope *s,
                                   struct values *out)
{
    const struct value *v = eval_held(e, n->arg[0], s);
    return v ? run_held(e, n, s, v, out) : run_behind(e, n, s, out);
}

/* Hands on to one that has a frame of its own. */
bool func_run(struct eval *e, const struct node *n, const struct scope *s, struct values *out)
{
    if (!n->has_input) { /* the choices are frequent, and ask for no call */
        return n->func->run == func_coalesce ? func_first_given(e, n, 0, s, out)
               : n->func->run == func_iif    ? func_choice(e, n, 0, s, out)
                                             : run_alone(e, n, s, out);
    }
    enum node_op input = (enum node_op)n->arg[0]->op;
    if (!e->is_route || n->func->input == FUNC_PATH) {
        return run_behind(e, n, s, out);
    }
    return input == NODE_LEVEL                       ? run_on_part(e, n, s, out)
           : input == NODE_LET || input == NODE_THIS ? run_on_held(e, n, s, out)
                                                     : run_behind(e, n, s, out);
}
