"""What people write about: 65 topics, the technical ones first."""

import re
from typing import NamedTuple


class Topic(NamedTuple):
    """One topic: nouns with their article or plural, actions in the infinitive, troubles as whole clauses."""

    name: str
    nouns: list[str]
    actions: list[str]
    troubles: list[str]


TECHNICAL_TOPICS = 20  # the first so many topics come with code, logs and tables

# A topic a paragraph (name: nouns; actions; troubles), its continuation lines indented.
_TEXT = """
web servers: the reverse proxy, the load balancer, a TLS certificate, the access log, keepalive connections,
  the upstream, a redirect rule, the health check; renew the certificate, route traffic by hostname, limit
  requests per client, serve static files, terminate TLS; the proxy returns 502 under load, the redirect
  loops forever, large uploads time out
python scripting: a list comprehension, the virtual environment, a context manager, the import path, a
  dataclass, an async function, the test suite, a decorator; parse a CSV file, retry a failing request, mock
  a network call, package the module, profile a slow loop; the import fails only in production, the
  coroutine is never awaited, the generator is exhausted twice
sql databases: a left join, the query plan, a composite index, the foreign key, a window function, the
  migration, the connection pool, a materialised view; deduplicate the rows, backfill a column, rewrite the
  subquery, partition the table, roll back the migration; the join returns duplicates, the index is not
  used, the transaction deadlocks at night
frontend: the component, a flex container, the state store, the router, a modal dialog, the bundle, a media
  query, the form validation; centre the card, memoise the selector, lazy load the images, animate the menu,
  debounce the input; the page flickers on load, the state is stale after a click, the layout breaks on
  phones
shell: a pipeline, the cron job, an exit code, the environment variable, a here document, the glob, a
  symlink, the file permissions; find the large files, rename the files in bulk, kill a stuck process, strip
  trailing spaces, rotate the logs; the script works by hand but not from cron, quotes are eaten by the
  shell, the variable is empty in a subshell
containers: the image layer, a volume mount, the entrypoint, the pod, a liveness probe, the registry, a
  sidecar, the ingress; shrink the image, pass a secret, drain the node, roll out the deployment, debug a
  crash loop; the pod is evicted every hour, the volume is read only, the build cache is never hit
machine learning: the training loss, a confusion matrix, the learning rate, a random forest, the validation
  set, the embedding, class imbalance, the feature importance; tune the hyperparameters, split the data by
  time, calibrate the classifier, detect label noise, export the model; the model overfits after two epochs,
  the validation score is too good, the gradients explode
data analysis: the pivot table, a scatter plot, the moving average, an outlier, the median income, a cohort
  chart, the time series, a confidence interval; clean the survey data, merge two spreadsheets, plot the
  trend, compute the retention, impute missing values; the totals do not add up, the dates are parsed as
  text, the chart is unreadable
networking: the subnet mask, a VLAN, the routing table, the DNS record, a firewall rule, the tunnel, packet
  loss, the access point; trace the route, open a port, split the DNS, measure the latency, bridge two
  interfaces; names resolve only sometimes, the tunnel drops every ten minutes, one host cannot reach the
  gateway
security: a password hash, the session token, a phishing mail, the audit log, the threat model, a security
  header, the key rotation, two factor login; review the login flow, store the secrets, report a
  vulnerability, revoke the token, train the staff; users reuse old passwords, the scanner reports a false
  alarm, the token never expires
mobile apps: the push notification, a view controller, the app bundle, a deep link, the background task, the
  permission prompt, the crash report, an emulator; reduce the startup time, cache the feed offline, sign
  the release build, localise the strings, record the screen; the app is killed in the background, the
  keyboard hides the field, the build fails only on the server
game development: the physics step, a sprite sheet, the level editor, a shader, the collision mask, a save
  file, the dialogue tree, the frame budget; spawn the enemies, smooth the camera, balance the economy, bake
  the lighting, generate the dungeon; the player falls through the floor, the frame rate drops near water,
  the save file gets corrupted
embedded systems: the interrupt handler, a serial port, the watchdog, a sensor reading, the bootloader, the
  ring buffer, a pull up resistor, the clock tree; debounce the button, sample the sensor, lower the power
  draw, flash the firmware, read the datasheet; the board resets at random, the readings drift when warm,
  the serial output is garbage
spreadsheets: a lookup formula, the named range, conditional formatting, a macro, the drop down list, a
  circular reference, the print area, the pivot; split the names, sum by month, highlight the duplicates,
  protect the sheet, import the bank export; the formula shows an error, the dates turn into numbers, the
  file takes minutes to open
version control: a merge conflict, the feature branch, a rebase, the commit message, a submodule, the pull
  request, the tag, a detached head; squash the commits, undo the last push, split a commit, clean the
  history, review the diff; the merge keeps the wrong side, the repository is huge, the hook never runs
statistics: the null hypothesis, a p value, the sample size, a regression, the prior, the standard error, a
  survival curve, the residuals; compare two groups, choose the test, bootstrap the mean, check the
  assumptions, plan the experiment; the effect vanishes with controls, the variance is unequal, the sample
  is far too small
cloud costs: the monthly bill, a reserved instance, the storage class, an idle volume, the egress traffic,
  the budget alert, a spot node, the tagging policy; find the waste, forecast the spend, archive the
  backups, resize the cluster, share the cost by team; the bill doubled in a week, nobody owns the account,
  the discount was never applied
technical writing: the release notes, a style guide, the changelog, an installation page, the glossary, a
  diagram, the tutorial, the error message; outline the manual, shorten the introduction, document the
  interface, review the wording, structure the page; readers skip the warnings, the screenshots are out of
  date, two pages contradict each other
electronics: the breadboard, an operational amplifier, the ground loop, a voltage regulator, the
  oscilloscope, a capacitor, the solder joint, the battery pack; size the resistor, filter the noise, charge
  the cell, measure the ripple, drive the motor; the regulator gets hot, the signal clips, the fuse blows at
  power on
mathematics: an integral, the eigenvalues, a proof by induction, the limit, a prime number, the determinant,
  a differential equation, the series; solve the equation, prove the inequality, factor the polynomial,
  sketch the curve, count the arrangements; the induction step fails, the series seems to diverge, my answer
  has the wrong sign
cooking: the sourdough, a roux, the oven temperature, lentils, a marinade, the leftovers, fresh basil, the
  pastry; knead the dough, thicken the sauce, roast the vegetables, plan the dinner, replace the eggs; the
  bread does not rise, the sauce splits, the rice turns to mush
gardening: the tomato plants, a raised bed, the compost, slugs, the hedge, an apple tree, the lawn,
  seedlings; prune the roses, water the balcony, divide the perennials, enrich the soil, plant the bulbs;
  the leaves turn yellow, something eats the lettuce, the lemons drop early
travel: the itinerary, a night train, the visa, a hostel, the carry on bag, the ferry, the old town, a day
  trip; plan the route, pack for the rain, book the seats, avoid the crowds, change the money; the flight
  was cancelled, the hotel lost the booking, the luggage never arrived
fitness: the squat, a rest day, the resting heart rate, a training plan, the warm up, a kettlebell, the
  marathon, sore knees; build the endurance, stretch the hips, track the progress, lose some weight, improve
  the posture; my knee hurts on stairs, progress has stalled, I am always tired after runs
parenting: a toddler, the bedtime, screen time, the school run, a tantrum, the lunch box, siblings, the
  babysitter; calm the baby, talk about feelings, set the rules, choose a kindergarten, share the chores; my
  son refuses to sleep, the kids fight all day, homework always ends in tears
school essays: the thesis statement, a paragraph, the conclusion, a citation, the introduction, an argument,
  the outline, a quotation; analyse the poem, compare the two novels, structure the essay, find the sources,
  improve the ending; my teacher says it is too vague, the essay is over the limit, the argument goes in
  circles
history: the treaty, a revolution, the trade route, an empire, the archive, a siege, the reformation, the
  census; explain the causes, compare the two wars, date the events, read the source, draw a timeline; the
  sources disagree, the textbook skips it, the chronology confuses me
biology: the cell membrane, an enzyme, the food web, a mutation, the immune system, photosynthesis, the
  genome, a virus; label the diagram, explain the cycle, classify the species, grow the culture, design the
  experiment; the culture is contaminated, I mix up the two phases, the result contradicts the textbook
chemistry: the titration, a covalent bond, the catalyst, an acid, the reaction rate, the periodic table, a
  solvent, the precipitate; balance the equation, compute the yield, name the compound, dilute the acid,
  draw the structure; the yield is over a hundred percent, the colour never changes, the crystals are tiny
physics: the momentum, a magnetic field, the pendulum, friction, the wavelength, a black hole, the inclined
  plane, entropy; derive the formula, draw the forces, convert the units, measure the period, explain the
  paradox; the units do not match, energy seems to vanish, the experiment gives half the value
astronomy: the telescope, a nebula, the orbit, a meteor shower, the moon phases, a comet, the exposure, star
  charts; find the planet, align the mount, stack the images, pick an eyepiece, explain the eclipse; the
  stars leave trails, the view is blurry, light pollution ruins it
philosophy: free will, a thought experiment, the social contract, an ethical dilemma, the stoics,
  consciousness, the good life, scepticism; defend the position, criticise the argument, define the term,
  summarise the dialogue, compare the schools; the premise feels wrong, both sides convince me, the term
  keeps shifting
literature: the narrator, a metaphor, the sonnet, an unreliable witness, the final chapter, a short story,
  the motif, the setting; interpret the ending, describe the hero, trace the theme, pick a passage,
  recommend a novel; I missed the irony, the plot is confusing, nobody in class liked it
creative writing: the villain, a plot twist, the first chapter, a haunted lighthouse, the dialogue, a love
  letter, the backstory, an unexpected friendship; write the opening, raise the tension, rewrite the scene,
  name the characters, fix the pacing; the middle drags, every voice sounds the same, I have no ending
music: the chord progression, a minor scale, the drum pattern, a cover version, the chorus, an acoustic
  guitar, the mix, the tempo; learn the solo, tune the guitar, write the lyrics, transpose the song, record
  the vocals; the chords sound muddy, my fingers are too slow, the chorus falls flat
film: the opening scene, a sequel, the soundtrack, a documentary, the director, the plot hole, a courtroom
  drama, the lighting; recommend a comedy, explain the ending, storyboard the scene, review the film, edit
  the trailer; the ending makes no sense, the sound is out of sync, I fell asleep halfway
photography: the aperture, a tripod, the golden hour, a wide lens, the histogram, raw files, the backdrop, a
  portrait; expose the sky, edit the colours, light the product, sharpen the picture, organise the archive;
  the faces are too dark, the pictures look flat, the autofocus hunts
job search: the cover letter, an interview, the resume, a salary offer, the notice period, a recruiter, the
  portfolio, a career change; tailor the resume, answer the hard questions, negotiate the salary, explain
  the gap, follow up politely; nobody answers my applications, the interviewer went silent, the offer is too
  low
business mail: the invoice, a late payment, the meeting, an apology, the quarterly update, a difficult
  customer, the proposal, the deadline; decline the offer, remind the client, confirm the appointment,
  announce the change, escalate the issue; the client ignores my mails, the tone came across rude, the
  numbers were wrong
marketing: the landing page, a newsletter, the target group, a slogan, the conversion rate, an ad campaign,
  the brand voice, the hashtag; name the product, write the teaser, segment the list, plan the launch, test
  the headline; nobody opens the newsletter, the ads are too expensive, the slogan is taken
personal finance: the mortgage, an index fund, the emergency fund, a credit card, the pension, the monthly
  budget, student debt, the interest rate; save for a house, compare the loans, pay off the debt, track the
  spending, plan the retirement; money is gone by the twentieth, the fees eat the returns, the bank refused
  the loan
taxes: the tax return, a deduction, the receipt, freelance income, the tax class, the deadline, a refund,
  the home office; file the return, deduct the laptop, estimate the tax, correct the form, register the
  business; the form rejects my number, I missed the deadline, two letters contradict each other
law: the rental contract, a warranty, the notice, a small claim, the will, the deposit, a trademark,
  consumer rights; cancel the contract, dispute the bill, read the clause, write the objection, split the
  inheritance; the landlord keeps the deposit, the shop refuses the return, the clause is unclear
real estate: the floor plan, a viewing, the closing costs, the basement, an appraisal, the neighbourhood,
  the heating, a broker; compare two flats, estimate the repairs, stage the rooms, word the listing,
  negotiate the price; the walls are damp, the seller hides something, the bank wants more papers
home repair: the leaking tap, a drill bit, the drywall, the fuse box, a squeaky door, the tiles, insulation,
  the gutter; patch the hole, paint the ceiling, hang the shelf, seal the window, unclog the drain; the tap
  still drips, the paint peels off, the outlet is dead
cars: the brake pads, an oil change, the check engine light, winter tyres, the gearbox, a used car, the
  battery, the mileage; change the filter, check the brakes, sell the old car, jump start the engine,
  compare the insurance; it stalls when cold, the wheel shakes at speed, the garage quote is crazy
electric mobility: the charging station, a cargo bike, the range, a wallbox, the battery health, an electric
  scooter, regenerative braking, the tariff; charge at home, plan a long trip, compare the models, store the
  battery, convert the bike; the charger stops at eighty percent, the range halves in winter, the app cannot
  find the car
pets: the puppy, a litter box, the vet, dry food, the leash, an aquarium, a rescue dog, the fur; train the
  recall, clip the claws, clean the tank, calm the dog, introduce two cats; the cat scratches the sofa, the
  dog barks all night, the fish keep dying
health: a sore throat, the blood test, sleep, an allergy, vitamin levels, the migraine, a checkup, the back
  pain; sleep better, read the results, prepare the appointment, reduce the stress, manage the symptoms; I
  wake at four every night, the rash comes back, the pills make me dizzy
nutrition: the protein intake, a vegan diet, fibre, the glycemic index, meal prep, iron, an intolerance, the
  calories; plan the week, read the label, cut the sugar, replace the dairy, count the portions; I am hungry
  all evening, the diet bores me, the numbers on labels differ
psychology: a habit, the attachment style, burnout, self esteem, a panic attack, the therapist, motivation,
  small talk; build a routine, set a boundary, handle the criticism, calm the nerves, understand the
  pattern; I put everything off, I overthink every message, my boss drains me
relationships: the first date, an anniversary, a long distance relationship, trust, an old friend, the in
  laws, an argument, a wedding speech; apologise sincerely, plan the surprise, end it kindly, start the
  conversation, rebuild the trust; he never texts first, we argue about money, my friend has changed
language learning: the subjunctive, a false friend, the vocabulary list, an accent, the listening exercise,
  a tandem partner, the cases, word order; practise the tenses, correct my sentences, explain the idiom,
  learn the alphabet, prepare the exam; I forget the articles, native speakers are too fast, the two words
  look the same
translation: the technical manual, a subtitle, the legal term, a pun, the tone, a birth certificate, the
  glossary, the source text; translate the letter, keep the register, shorten the subtitle, check the terms,
  localise the menu; the pun gets lost, it sounds too literal, the client changed the source
event planning: the venue, a guest list, the catering, an invitation, the seating plan, the stage, a team
  outing, the playlist; book the band, budget the party, word the invitation, brief the helpers, plan the
  timeline; the venue cancelled, half the guests are vegetarian, rain is forecast
project management: the milestone, a stakeholder, the backlog, a risk register, the sprint, the
  retrospective, a dependency, the estimate; run the meeting, split the task, report the status, cut the
  scope, onboard the newcomer; the deadline keeps slipping, two teams block each other, nobody reads the
  plan
customer support: the refund request, a ticket, the return label, an angry review, the macro, a warranty
  claim, the queue, the help page; answer the complaint, summarise the ticket, offer a replacement, triage
  the queue, soften the reply; the parcel was lost, the customer writes in capitals, the same bug is
  reported daily
retail: the shop window, a best seller, the stock level, the price tag, a discount code, the supplier, the
  checkout, the season; describe the product, forecast the demand, reorder the stock, bundle the items,
  answer the review; the stock count is wrong, returns are eating the margin, the supplier is late
logistics: the warehouse, a pallet, the customs form, the delivery window, a forklift, the route, the
  freight rate, a packing list; schedule the trucks, label the boxes, track the container, cut the empty
  runs, insure the cargo; the container is stuck, the address is incomplete, the scanner reads nothing
energy: the heat pump, a solar panel, the electricity bill, the insulation, the smart meter, a subsidy, the
  boiler, the grid; size the battery, read the meter, lower the flow temperature, compare the tariffs,
  orient the panels; the pump runs all night, the inverter shows a fault, the subsidy was refused
environment: the carbon footprint, plastic waste, a wetland, the bees, recycling, the climate report, a heat
  wave, the river; reduce the waste, measure the air, restore the habitat, compare the footprints, explain
  the feedback; the report is too technical, the bins overflow, the numbers are disputed
sports: the offside rule, a penalty, the transfer window, the serve, a relay, the league table, the coach,
  the final; improve the backhand, explain the rule, plan the season, predict the winner, coach the juniors;
  we always lose at home, the referee was wrong, the team has no defence
board games: the opening move, a card deck, the victory points, a cooperative game, the dice, the rule book,
  the endgame, an expansion; teach the rules, design a variant, balance the cards, solve the puzzle, play
  with two; the game runs too long, one strategy always wins, the rule is ambiguous
fashion: the winter coat, a dress code, the fabric, a capsule wardrobe, the tailor, sneakers, the colour
  palette, a scarf; match the shoes, remove the stain, pack light, dress for the wedding, repair the zip;
  the jumper shrank, nothing goes together, the size chart is wrong
crafts: the crochet pattern, a sewing machine, the glaze, watercolour, the yarn, a bookbinding kit, beeswax,
  the loom; read the pattern, mix the colours, fix a dropped stitch, cast the candle, sell the pieces; the
  thread keeps snapping, the glaze cracked, the corners do not meet
"""


def _split(text: str) -> list[str]:
    return [re.sub(r"\s+", " ", part.strip()) for part in text.split(",")]


def _parse(text: str) -> list[Topic]:
    topics = []
    for paragraph in re.split(r"\n(?=\S)", text.strip()):
        name, rest = paragraph.split(":")
        nouns, actions, troubles = (_split(part) for part in rest.split(";"))
        topics.append(Topic(name, nouns, actions, troubles))
    return topics


TOPICS = _parse(_TEXT)
