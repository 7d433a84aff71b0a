"""How people write in English: openings, details, pastes, follow-ups, as grammar rules."""

RULES = """
end@stop: . /// ! /// ... /// . /// ∅ /// ∅ /// . /// ∅
stop@stop: .␣⇧ /// !␣⇧ /// ...␣ /// .⏎⇧ /// ⏎ /// ,␣ /// .␣␣⇧ /// ␣-␣
ask_end@ask_end: ? /// ∅ /// ?? /// ␣? /// ?!
greet@greet: ∅ /// ∅ /// ∅ /// ⇧hi,␣ | ⇧hello,␣ /// ⇧hey | ⇧hey there,␣ /// ⇧good morning.⏎ | ⇧good
  evening.⏎ /// ⇧hello!␣ /// ⇧ok so␣ | ⇧so,␣ /// ⇧quick question:␣ | ⇧another one:␣
polite@polite: ∅ /// ∅ /// ⇧please␣ /// ⇧could you␣ | ⇧can you␣ /// ⇧pls␣ /// ⇧I would like you to␣ ///
  ⇧help me␣
close@closing: ∅ /// ∅ /// ∅ /// ␣⇧thanks! | ␣⇧thank you! /// ␣thx | ␣ty /// ␣⇧many thanks in advance. ///
  ⏎⏎⇧cheers,⏎[first_name] | ⏎⏎⇧regards,⏎[first_name] /// ␣⇧be brief. | ␣⇧keep it short. /// ␣⇧please
  explain in detail. | ␣⇧explain it step by step please.
bullet@bullet: ⏎-␣ /// ⏎*␣ /// ⏎• ␣ /// ⏎[digit])␣ /// ⏎[digit].␣ /// ;␣
open_quote@quote: " /// ' /// ` /// « /// “
close_quote@quote: " /// ' /// ` /// » /// ”
not_do@contraction: don't /// do not /// dont
is_not@contraction: isn't /// is not /// isnt
i_am@contraction: I'm /// I am /// im
i_have@contraction: I've /// I have /// ive
cannot@contraction: can't /// cannot /// cant
you@contraction: you /// you /// u

question@voice: how do I [action] | how do I [action] with [noun] | how to [action] /// what is the best
  way to [action] | what's a good way to [action] when [trouble] /// how can I [action] | how can I
  [action] without touching [noun] /// why does it happen that [trouble] | why is it that [trouble] /// is
  it possible to [action] | is there a way to [action] [when] /// [i_am] trying to [action] but [trouble]
  | [i_am] stuck, [trouble] /// what is the difference between [noun] and [noun] | what does [noun] have
  to do with [noun] /// should I [action] or [action] | is it better to [action] first /// my [relative]
  says I should [action], is that true | a colleague told me to [action], is that right /// any idea how
  to [action] | any tips on how to [action] /// explain [noun] to me like [i_am] [small_number] | what is
  [noun] good for /// [i_have] got a problem with [noun], [trouble], what now
command@voice: write [text_kind] about [noun] | draft [text_kind] about [noun] and [noun] /// explain how
  to [action] | explain [noun] in simple words /// give me [small_number] ideas for [noun] | give me a
  plan to [action] /// make a list of things to check before I [action] | make a table that compares
  [noun] and [noun] /// help me [action] | help me understand why [trouble] /// compare [noun] with [noun]
  | tell me the pros and cons of [noun] /// show me an example of how to [action] | show me how to
  [action] [when] /// suggest a [adjective] way to [action] | suggest names for [own_name], it is about
  [topic] /// walk me through how to [action] | walk me through [noun] /// summarise what I need to know
  about [noun] | summarise the basics of [topic] /// pretend you are a [role_person] and tell me about
  [noun] | act as a [role_person], I want to [action] /// check if this makes sense: [statement] | rate
  this idea: [statement]
opening: 5*⇧[question][ask_end] | 5*[polite][command][end] | ⇧[situation][stop][question][ask_end] |
  ⇧[own_opening][question][ask_end] | ⇧[situation][stop][polite][command][end]
more@size: ∅ /// ␣[more_one] /// ␣[more_one][stop][detail][end] ///
  ␣[more_one][stop][detail][stop][detail][end] /// ␣[more_five][end] ///
  ␣[more_five][stop][detail][stop][detail][stop][detail][end] ///
  ␣[more_five][stop][more_five][stop][detail][stop][more_list] ///
  [more_five][stop][more_list]⏎⏎[more_five][stop][more_five][end]⏎⏎⇧[more_five][stop][detail][end] ///
  [more_five][end]⏎⏎[more_five][stop][more_list]⏎⏎[more_five][stop][more_five][end]⏎⏎[more_five][stop]
  [more_five][end]⏎[more_list]⏎⏎[more_list]⏎⏎[more_five][stop][more_five][stop][detail][end]
more_one: ⇧[detail][end]
more_five: ⇧[detail][stop][detail][stop][detail][stop][detail][stop][detail]
more_list: ⇧[list_head]:[bullet][item][bullet][item][bullet][item][bullet][item] |
  ⇧[list_head]:[bullet][item][bullet][item][bullet][item]
list_head: here is what I have | what I tried | my constraints | what I know so far | things that matter
  to me | the situation | some context | what it should cover
item: [noun] is [adjective] | [action] [when] | [small_number] times [noun] | no [adjective] stuff |
  [own_name] needs [noun] | [trouble] | I can spend [number] at most | [adjective] but not [adjective]
situation: I work at [own_name] and we have to [action] | [i_am] new to [topic] | [i_have] been doing
  [topic] for [small_number] years | my [relative] asked me about [noun] | at [own_name] we use [noun]
  every day | [when] I noticed that [trouble] | I need this for [own_name] | for [occasion] I have to
  [action]
detail: [i_am] not sure whether [noun] matters here | I already tried to [action] [when] and it did not
  help | the problem is that [trouble] | it started [when] | we have about [number] of them at [own_name]
  | my [relative] thinks [noun] is [adjective] | I need it by [weekday] | it has to be [adjective] and
  [adjective] | I [not_do] want to [action] again | [noun] [is_not] the issue, I checked | somebody told
  me [trouble] | I read that [noun] is more [adjective] than [noun] | it should work for [number] people
  too | the last time I had to [action] it took [small_number] hours | [first_name] from [own_name] will
  read it | it [is_not] urgent but [trouble] | use [adjective] language | [noun] came up [when] and I
  forgot to ask | I [cannot] [action] because [trouble] | please [not_do] mention [noun] | assume that
  [noun] is given | what I really want is to [action] | my budget is [number] and not more | we switched
  from [noun] to [noun] [when] | if [you] know a better way to [action], tell me | it worked [when] and
  then suddenly [trouble] | I also wonder about [noun] | last [weekday] [first_name] said that [trouble] |
  include [noun] if [you] can | there are [small_number] options and [noun] looks [adjective] to me | it
  was [adjective] before we touched [noun] | the [adjective] part is to [action] | I would rather [action]
  than [action] | note that [noun] is [adjective] | [when] the number was [number], now it is [number] | I
  live in [place] so [noun] may be different here | in [place] you have to [action] first | we tried
  [proper_name] but [trouble] | [proper_name] does it for [number] | mention [proper_name] somewhere | I
  think [open_quote][noun][close_quote] is the wrong word here
statement: [noun] is [adjective] when you [action] | you should always [action] before you [action] |
  [noun] depends on [noun] | most people never [action] | [noun] was [adjective] in [year]

say: 6*[greet][opening][more][close] | [greet][opening][close] | ⇧[situation][stop][more][opening][close]
edit_text: [polite][edit_verb] this text[edit_goal]:⏎⏎[passage][close] | ⇧[edit_verb]
  this[edit_goal]:⏎[open_quote][passage_line][close_quote][close]
edit_verb@own: rewrite /// proofread /// shorten /// improve /// summarise /// rephrase /// correct ///
  polish
edit_goal: ∅ | ∅ | , it is for [own_name] | ␣so that it sounds [adjective] | ␣in [small_number] sentences
  | ␣for a [role_person]
summarise: [polite]summarise the following[close]⏎⏎[passage]⏎[passage] | ⇧tl;dr?⏎⏎[passage] | ⇧what are
  the key points here[ask_end]⏎⏎[passage]⏎⏎[passage]
passage: [sentence][sentence][sentence][sentence] |
  [sentence][sentence][sentence][sentence][sentence][sentence]
passage_line: [sentence] | [sentence][sentence]
sentence: ⇧[neutral].␣ | ⇧[neutral].␣ | ⇧[neutral], although [neutral].␣ | ⇧[neutral] because [neutral].␣
neutral: [noun] was [adjective] in [year] | the [role_person] chose to [action] | in [place], [noun]
  remains [adjective] | [first_name] [last_name] of [proper_name] expects [noun] to be [adjective] by
  [year] | [trouble] | experts at [proper_name] found [noun] in [number] of [number] cases | more than
  [number] people had to [action] | the report on [topic] mentions [noun] and [noun] | nobody in [place]
  wanted to [action] | [proper_name] announced that it would [action] | [noun] has changed since [year]
translate: [polite]translate this into [language_name]:⏎⏎[passage_line][close] | ⇧how do you say
  [open_quote][noun][close_quote] in [language_name][ask_end] | ⇧[language_name] please: [passage_line]
chat: ⇧what do you think about [noun][ask_end] | ⇧tell me something [adjective] about [topic][end] | ⇧I
  had a [adjective] day, [trouble][end][more] | ⇧do [you] like [noun][ask_end] | ⇧lets talk about
  [noun][end] | ⇧my [relative] and I talked about [noun] [when][stop][more] | ⇧imagine [noun] could
  speak[stop][more]
fix_code: [polite]fix this[close]⏎[code] | ⇧why does this not work[ask_end]⏎[code]⏎[more] |
  ⇧[question][ask_end]⏎⏎[code]⏎[close] | [code]⏎⇧what does this do[ask_end] | ⇧review my
  code:⏎[code]⏎[more]
explain_log: ⇧[log_question][ask_end]⏎⏎[log_lines]⏎[more] | [log_lines]⏎⏎⇧[log_question][ask_end]
log_question: what does this mean | why do I see this | where is the error | how do I get rid of this |
  what now
explain_table: ⇧[table_question][ask_end]⏎⏎[table]⏎[more] | [table]⏎⇧[table_question][ask_end]
table_question: what is the trend here | can you make a summary of this | which row is the outlier | is
  the total right
tiny: 3*⇧hi | 2*⇧hello | 6*⇧thanks | 3*⇧thank you | 8*⇧continue | 4*⇧yes | 2*⇧no | 5*⇧fix this | 2*⇧ok |
  ⇧go on | ⇧why? | ⇧test | ⇧are you there? | 2*⇧again | 2*⇧shorter | ⇧more | ⇧perfect, thanks | ⇧try again
  | ⇧great
follow_up: ⇧what about [noun][ask_end] | ⇧that did not help, [trouble][end] | ⇧and how do I [action]
  then[ask_end] | [polite]make it more [adjective][end] | [polite]make it shorter[end] | ⇧can you add
  [noun][ask_end] | ⇧ok but [trouble][stop][question][ask_end] | ⇧no, I meant [noun][end] | ⇧why
  [adjective][ask_end] | ⇧can you give an example with [noun][ask_end] | [polite]add a part about
  [noun][stop][more] | ⇧now do the same for [own_name][end] | ⇧what if [trouble][ask_end] | ⇧in a table
  please | ⇧[detail][end] | ⇧and in [place][ask_end] | ⇧[first_name] asks if [noun] could be
  [adjective][end][more] | 2*[tiny]
"""
