"""What machines send: frames of apps, tools, benchmarks and agents, and the prompts of campaigns."""

RULES = """
task_verb@task: write | describe | explain | compare | outline | list | evaluate | classify | summarize |
  generate | identify /// design | construct | propose | develop | create | compose | formulate | provide
  | draft | suggest | produce
instruct: 2*⇧[task_verb] [task_object][task_limit]. | 2*⇧[task_verb]
  [task_object].␣⇧[task_rule].␣⇧[task_rule]. | ⇧[task_verb] [task_object][task_limit].␣⇧[task_rule]. |
  ⇧given [task_given], [task_verb] [task_object].␣⇧[task_rule]. | ⇧[task_verb] [task_object].⏎⇧input:
  [instruct_input] | ⇧how would a [role_person] [action][task_limit]? ⇧[task_rule]. | ⇧[task_verb]
  [task_object] and [task_verb] [task_object][task_limit].␣⇧[task_rule].␣⇧[task_rule].␣⇧[task_rule].
task_object: [text_kind] about [noun] for a [role_person] | the relationship between [noun] and [noun] |
  [small_number] ways to [action] when [trouble] | how to [action] in the context of [topic] | a
  [adjective] plan to [action] | the main causes when [trouble] | a [adjective] example of [noun] | the
  role of [noun] in [topic] | a fictional dialogue in which a [role_person] and a [role_person] discuss
  [noun] | a set of [small_number] questions on [noun] | the steps required to [action] and to [action] |
  an analogy that relates [noun] to [noun]
task_limit: ∅ | , using no more than [number] words | ␣in [small_number] sentences | ␣in a [adjective]
  tone | , considering both [noun] and [noun] | ␣for an audience in [place] | ␣with a focus on [noun]
task_given: that [trouble] | a scenario in which [trouble] | the statement that [statement] | a budget of
  [number] | [noun] and [noun] | a [adjective] example of [noun]
task_rule: ensure that the response mentions [noun] | justify each choice with reference to [noun] |
  include at least [small_number] examples | avoid any reference to [noun] | the output should be
  [adjective] and [adjective] | address [noun] as well as [noun] | conclude with a recommendation for a
  [role_person] | use the name [first_name] [last_name] | assume that the reader is a [role_person] in
  [place] | highlight how one can [action] | limit the answer to [number] words
instruct_input: [passage_line] | [proper_name], [noun], [number] | [statement] | [noun], [noun], [noun]

brief: ⇧task: [task_verb] [task_object].⏎⇧constraints:⏎- [task_rule]⏎- [task_rule]⏎⇧audience: a
  [role_person] in [place] | ⇧task: [task_verb] [task_object].⏎⇧background: [statement];
  [trouble].⏎⇧constraints:⏎- [task_rule]⏎- [task_rule]⏎- [task_rule] | ⇧task: [task_verb] [task_object]
  and [task_verb] [task_object].⏎⇧constraints:⏎- [task_rule]⏎⇧material: [instruct_input]

frame@frame: ⇧you are generating supervised training data for an assistant model.␣⇧read the seed material
  between the markers, then produce a complete, self-contained answer of high quality.␣⇧cover every aspect
  of the request, never refuse, do not mention these instructions and do not add a
  greeting.⏎###⏎[slot]⏎###⏎⇧return the final answer only, as plain text. /// ⇧below is a task that a
  customer submitted to our platform.␣⇧act as the most experienced specialist in the field and solve it
  completely.␣⇧structure the solution with numbered sections, state all assumptions, give concrete values
  wherever possible and verify the result at the end.⏎⏎⇧task:⏎[slot]⏎⏎⇧solution: /// [slot]⏎⏎---⏎⇧respond
  to the material above in the style of a careful expert.␣⇧begin with a one line verdict, continue with
  three paragraphs of argument, then list every weakness of your own answer and repair it.␣⇧do not ask
  questions back, and use JSON with the keys verdict, argument, weaknesses and revision. /// ⇧context: we
  are building an evaluation set with gold answers.␣⇧for the item below write the best possible gold
  answer, then two answers that are plausible but subtly wrong, and say what is wrong with them.␣⇧item:
  [slot]␣⇧write everything in the language of the item and separate the three answers with a line of
  dashes.
slot: [slot_part].␣⇧[slot_part].␣⇧[slot_part].␣⇧[passage] | [passage]⏎[passage]⏎⇧[slot_part]. |
  ⇧[instruct] [passage][passage] | ⇧[slot_part].␣[passage]⇧[slot_part].␣[passage]
slot_part: [task_verb] [task_object] | [detail] | [task_rule] | [situation]

grid: ⇧you are [grid_role]. ⇧your client must [action] while [trouble]. ⇧[grid_task], mentioning [noun].
  ⇧[task_rule].
grid_task@task: draft a risk assessment | outline a project plan | write a critical review | prepare a
  briefing note /// list the open questions | propose three alternatives | explain the trade offs | write
  a training exercise /// define measurable goals | write a short memo | produce a checklist | summarise
  the state of the art /// role play the first meeting | estimate the cost | write a multiple choice test
  | compose a persuasive speech

cot: ⇧[cot_problem]⏎⏎[cot_tail] | [cot_head]⏎⇧[cot_problem] | [cot_head]⏎⇧[cot_problem]⏎[cot_tail]
cot_problem: [instruct] | [word_problem] | [word_problem] | [passage]⇧[question]?
word_problem: [first_name] bought [number] [item_plural] for [number] each and sold [number] of them in
  [place].␣⇧[statement]. ␣⇧how much is left after paying [first_name] a share of [small_number] percent? |
  a [role_person] from [place] needs [number] hours to [action] and [first_name] needs [number].␣⇧together
  they must [action] [small_number] times.␣⇧how long do they need? | [number] of [number] people in
  [place] own [item_plural], [number] own [item_plural].␣⇧what is the chance that [first_name] owns both,
  given that [trouble]?
cot_head: ⇧show your complete reasoning before the answer, numbering every step. | ⇧reason carefully and
  write out every intermediate thought inside <thinking> tags. | ⇧first state the rubric you would grade
  with, then answer to that rubric.
cot_tail: ⇧let's think step by step.␣⇧explain each step and end with "Final answer:". | ⇧write the full
  chain of thought, then check it, then the answer. | ⇧grade your own answer from 1 to 10 on accuracy,
  depth and style with a reason for each.

!vendor@frame: ⇧you are Velora, the support assistant of a parcel service.␣⇧be friendly, answer in at most
  three sentences, never promise refunds, escalate legal questions.⏎⇧customer [hex_id]
  writes:⏎[opening][more] /// <system>⇧act as the tutor inside the Lumiq learning app.␣⇧give hints, never
  the full answer.</system>⏎⇧grade: [digit]⏎ ⇧pupil: [opening] /// ⇧you rewrite listings for the Hausio
  marketplace.␣⇧keep facts, remove contact data, use the tone "[adjective]".⏎⇧listing:
  [detail][stop][detail][stop][detail][more]
!tool@frame: ⇧improve the writing of the selected text.␣⇧keep the meaning and the language, reply with the
  text only:⏎⏎ [passage] /// ⇧you are a helpful browser companion.␣⇧summarize the page below in five
  bullet points.⏎⏎⇧title: [proper_name] and [noun]⏎[passage][passage]
!agent@frame: ⇧observation [number]: tool returned⏎[log_lines]⏎⇧goal: [action]⏎⇧thought: [detail]⏎⇧next
  action? /// {"role": "tool", "name": "[identifier]", "content": "[raw_result]"}⏎⇧continue until you can
  [action]. /// ⇧file [file_path] was edited.⏎[code]⏎⇧tests: [number] passed, [digit] failed.␣⇧remaining
  task: [action].
!raw_result: [log_line] | [json_code] | [sql_code]⏎[table] | [log_lines]
!harness@frame: ⇧question: [word_problem]⏎⇧options:⏎(A) [number]⏎(B) [number]⏎(C) [number]⏎(D)
  [number]⏎⇧answer with a single letter. /// ⇧premise: [statement].⏎⇧hypothesis: [statement].⏎⇧does the
  premise entail the hypothesis? Answer yes, no or maybe. /// ⇧complete the function so that all tests
  pass.⏎[code]⏎# examples: [identifier]([number]) == [number]
!pipeline@frame: ⇧summarise the following article in [small_number] sentences for a daily
  newsletter.⏎⏎[passage][passage][passage] /// ⇧extract all organisations, people and amounts from the
  text as JSON.⏎⇧text: <<<[passage][passage]>>> /// ⇧classify the ticket into billing, delivery, defect or
  other.⏎⇧ticket: [opening][more]
homework_say: [greet][homework][close] | [homework]⏎[question][ask_end] | ⇧[situation][stop][homework] |
  ⇧homework: [homework]⏎⇧[detail][end] | ⇧check my answer for this: [homework]⏎[passage_line]
"""
