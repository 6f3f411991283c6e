"""What people say in the demo: patterns with slots, small phrases, and words beside them. Everything here is invented."""

SLOTS: dict[str, str] = {
    "child": "Tilly|Joel|Callum|Amara|Reece|Poppy|Owen|Leila|Ethan|Chloe|Dylan|Megan|Sofia|Liam",
    "adult": "Kelly|Darren|Nadia|Grace|Stacey|Ryan|Jade|Marcus|Aaron|Keira|Priya|Helen|Martin|Janet|Tom|Ruth",
    "sur": "Marlowe|Okafor|Hartigan|Pendry|Bexley|Dunmore|Whitlock|Sadler|Tranter|Ashdown|Farrow|Kendrick|Lomax|Merrick",
    "title": "Mr|Mrs|Miss|Doctor",
    "place": "Eastmere|Brackwell|Hollowbrook|Penmoor|Stonely|Greywater|Larchfield|Millbeck",
    "school": "Larkfield Primary|Oakmead Academy|Fernhill School|Beacon Lane Nursery|Penmoor High School",
    "street": "Quarry Road|Tanner Street|Canal Row|Chapel Lane|Orchard Close|Mill Lane|Station Road",
    "month": "January|February|March|April|May|June|July|August|September|October|November|December",
    "day": "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday",
    "ord": "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth"
    "|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|twenty first|twenty second|twenty third"
    "|twenty fifth|twenty eighth|thirtieth|thirty first",
    "num": "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
    "|eighteen|nineteen",
    "big": "twenty|twenty one|twenty four|thirty|thirty two|thirty five|forty|forty six|fifty|sixty|seventy|eighty"
    "|ninety|a hundred",
    "hour": "eight|nine|ten|eleven|twelve|one|two|three|four|five|six|seven",
    "year": "twenty nineteen|twenty twenty|twenty twenty one|twenty twenty two|twenty twenty three|twenty twenty four",
    "prof": "health visitor|social worker|teacher|head teacher|school nurse|midwife|police officer|housing officer"
    "|doctor|nurse|family worker|manager|receptionist|consultant|teaching assistant|youth worker|GP",
    "profs": "midwives|nurses|social workers|teachers|health visitors|managers|doctors|police officers|consultants",
    "kin": "mum|dad|mother|father|brother|sister|uncle|aunt|grandmother|grandfather|cousin|partner|stepdad|baby",
    "feel": "worried|angry|tired|frightened|ashamed|nervous|sad|proud|relieved|lonely|confused|upset|cross|guilty"
    "|anxious|sick|uneasy|calm|scared|helpless|happy|exhausted",
    "body": "arm|leg|face|neck|back|cheek|hand|eye|ear|shoulder|knee|chest|stomach|head|wrist|foot|finger|nose",
    "mark": "bruise|burn|cut|scratch|mark|rash|bite|swelling|scar|red mark",
    "org": "the school|the hospital|the police|children's services|the council|the surgery|the clinic|the nursery"
    "|the court|the refuge|the housing team|the mental health team|the family centre|the charity",
    "thing": "referral|email|letter|report|file|note|assessment|plan|form|message|phone call|chronology|record|diary"
    "|text message|photograph|meeting|visit|conference|handover",
    "factor": "workload|supervision|the handover|the threshold|the computer system|staff sickness|the timescales"
    "|information sharing|the culture|the rota|the training|the pressure|the waiting list|the paperwork|trust"
    "|communication|the reorganisation|agency staff|fear|assumptions",
    "room": "kitchen|bedroom|bathroom|garden|hallway|front room|office|corridor|playground|classroom|waiting room|car",
    "adj": "quiet|loud|difficult|busy|clear|strange|normal|important|serious|small|big|cold|warm|dirty|clean|empty"
    "|chaotic|kind|polite|gentle|hungry|late|early|new|old|good|bad|wrong|right|missing",
    "filler": "Well|Um|You know|I think|I mean|Honestly|To be honest|Actually|Er|Look|Maybe|Perhaps|Obviously",
    "adv": "really|always|never|often|sometimes|usually|probably|still|already|just|only|quite|certainly|not",
    "neg": "didn't|couldn't|wouldn't|shouldn't|did not|could not|would not",
    "was": "was|wasn't|was not|was never|was always|was still",
    "had": "had|hadn't|had never|had already|had just|had not",
    "he": "he|she|they|nobody|somebody|everybody|we",
    "ed": "told|asked|rang|visited|trusted|believed|heard|met|helped|saw|missed|called|warned|knew|thanked|listened to",
    "about": "about the bruise|about the family|about Darren|about the meeting|about the baby|about money|about the flat"
    "|about the drinking|about the dog|about school|about the plan|about the weight",
    "when": "yesterday|last week|that morning|that afternoon|that night|in the summer|in the spring|at the weekend"
    "|the next day|before Christmas|after Easter|a month later|two weeks later|at the end of term|that evening",
    "time": "half past {hour}|quarter past {hour}|quarter to {hour}|{hour} o'clock|ten past {hour}|twenty to {hour}"
    "|{hour} thirty|{hour} in the morning|{hour} in the afternoon",
    "date": "the {ord} of {month}|{day} the {ord} of {month}|{month} the {ord}",
    "who": "{child}|{adult}|{title} {sur}|the {prof}|{adult} {sur}|{child} {sur}|the {kin}|my {prof}|her {kin}|his {kin}"
    "|my colleague|the baby|somebody from {org}",
    "role": "I was the {prof}|I was only the {prof}|I was a {prof} in {place}|I worked as a {prof}",
}

PATTERNS: list[str] = """
Can you tell me about your role at {org}?
Could you tell me what happened on {date}?
What do you remember about {who}?
What did you think about the {thing}?
How did you feel when you saw the {mark}?
When did you first meet {who}?
Who else knew about the {thing}?
Why did that make sense to you at the time?
What was {factor} like in {month}?
What would have helped you to ask for help?
Did anybody talk to {who} {about}?
Did you see {who} again after {date}?
Was there a {thing} in the file?
Were you told about the {thing} from {org}?
Is there anything else you remember about that {day}?
How many families did you have at that time?
How long had you known {who}?
Take me back to the {room} at {time}.
Can I ask you about {factor}?
What did {who} say to you {when}?
Tell me a little more about {who}.
So what made it hard to ask {who}?
And where was {child} when you {ed} {who}?
Do you think {factor} made a difference?
Whose job was it to send the {thing}?
Which of the two did you ring first?
Let's go back to {month}, when {who} {ed} you.
Let's talk about the {thing} now.
We are not here to blame {who}.
This is about learning, and not about blame.
I want to understand how it looked to you.
You can stop at any time, and that is fine.
Please take as long as you need.
Everything you say will stay between us.
Nobody will see your name in the report.
I would like to start with the {thing}.
Shall we take a break?
That must have been very {adj} for you.
That is helpful, thank you.
I can hear that you were {feel}.
{role} for {num} years.
{role}, and I covered {place} and {place}.
I have been a {prof} since {year}.
I started at {org} in {month} {year}.
I was the {prof} for {adult} {sur} and her {kin}, {child}.
{child} was {num} years old, and the {kin} was {big}.
{child} was born on {date}, at the hospital in {place}.
{child} was {num} weeks old when I first visited.
{child} was {num} months old and weighed {num} pounds.
There was an older {kin} too, {child}, who was {num}.
They lived on {street}, near {school}.
The family moved from {place} to {place} in {month}.
They were living in a {adj} flat on {street}.
It was a {day}, I think, at about {time}.
It was {date}, just before {time}.
It was {time} on a {day}.
I visited on {date}, and {who} was in the {room}.
I went to the house on {street} {num} times.
I knocked on the door at {time}, but {he} {neg} answer.
{he} {neg} come to the door.
The {room} was {adj}, and there was no food in the house.
The {room} was {adj} and it smelled of smoke.
{child} sat on the stairs and {he} {neg} speak.
{child} {was} {adj}, and that worried me.
{child} {was} {feel}, and {he} {neg} eat.
{child} had a {mark} on the left {body}.
{child} had a {mark} on the right {body}, and {he} {neg} say how.
There was a {mark} on her {body}, about as big as a coin.
I saw a {mark} on his {body}, but I {neg} ask.
He said that he fell off the bed.
She said that {child} fell down the stairs in the {room}.
{who} said it was an accident.
{who} told me that {child} fell off the swing.
{who} {neg} believe a word of it.
{who} {was} {feel} {about}.
{who} {was} there, and {he} {neg} tell me.
{who} {ed} me {about}.
{who} {ed} {who} on {date}.
{who} {neg} ring back until {day}.
{who} rang me from {school} at {time}.
{who} rang {org} {when}.
{who} from {org} said that it was not their job.
{who} left a message {about}.
{who} {had} seen the {thing}.
{who} {had} met {who}.
{who} {had} been to {org} {when}.
{who} loved that child.
{who} lost {num} pounds in {num} weeks.
{who} cried in the {room} {when}.
{who} held the baby and looked at me.
{who} wanted to stop, but {he} {neg} let go.
{who} moved out in {month}, and nobody told {org}.
{who} moved back in {when}.
I {neg} know that {who} {had} moved back in.
I {neg} know {about}.
I {neg} see anything that worried me.
I {neg} want to make it worse for {child}.
I {neg} ring {org}, because I {neg} think it was serious.
I {neg} have time to read the {thing}.
I {neg} find the words.
I never met {who}.
I never saw the {thing}.
I never thought that {he} would do it.
I wasn't sure {about}, so I {neg} write it down.
I wasn't told {about} until {month}.
I was {feel}, and I {neg} sleep.
I was {feel} of looking {adj}.
I was {feel} when {who} {ed} me.
I felt {feel}, and I still feel {feel}.
I felt it in my {body}.
I had {big} families, and {num} of them were on a plan.
I had {big} children on my list that {month}.
I had a {feel} feeling in my {body}.
I was covering for a colleague who was off sick.
I {adv} read the {thing} from {org}.
I {adv} thought that somebody else {had} looked at it.
I made a {thing} to {org} at {time}.
I made the {thing} on {date}, and it was accepted.
I made the {thing}, and it was refused.
I sent the {thing} on {day}, but {he} {neg} reply.
I wrote it in the {thing} {when}.
I put the {thing} in the file, and I forgot about it.
I rang {who}, and I left a message.
I rang {org} {num} times that {day}.
I spoke to {who} {about}.
I asked {who} {about}, and {he} {neg} answer.
I asked my {prof} for help in {month}.
I wish I had asked {who}.
I wish that I had gone back to {street}.
I wanted to say that to {who}, but I was {feel}.
I remember the {adj} {room}, and I remember {child}.
I remember that {who} {was} {feel}.
I keep going back to that {day} in {month}.
I hope that {who} is safe now.
I trusted {who}, because {he} {had} known the family for years.
I went back to the car and sat there for {num} minutes.
I drove to {place} and waited until {time}.
I held her hand, and I thought, something is not right.
My supervision was cancelled in {month}, and again in {month}.
My manager {neg} have time for the {thing}.
My manager was {feel}, and so was I.
We were short of {profs} that {month}.
We had {num} {profs} off sick, so we got a {thing}.
We {neg} share the {thing} with {org}.
We {neg} talk to each other.
We {adv} had time for {factor}.
We had a meeting at {org} on {date}.
We were invited to the {thing}, but we {neg} go.
We weren't invited to the {thing}.
We each had a piece of the story.
We saw {child} every day, and nobody asked us.
We all thought that {org} was holding it.
Nobody asked {child} what {he} wanted.
Nobody told us {about}.
Nobody was holding the whole picture.
Nobody from {org} came to the {thing}.
Everybody knew {about}, but nobody said it.
Somebody should have rung {who}.
They {neg} tell us that {who} {had} been to court.
They {neg} think that it met the threshold.
They said that it did not meet the threshold for {org}.
They closed the case on {date}.
They changed the computer system in {month}.
They sent {num} different {profs} in {num} months.
The police were called {num} times in {month}.
The police came to {street} at {time}.
The {prof} at {school} rang me {about}.
The {prof} {neg} write it down.
The {prof} knew {who}, but the {prof} did not.
The {thing} was one page, and it {neg} say that.
The {thing} {was} in our notes.
The {thing} came on {day}, and I read it on {day}.
The {thing} was {adj}, and it {neg} mention {who}.
The {thing} took {num} weeks.
There was no {thing} in the file.
There was just no time for the {thing}.
There were {num} children in that house, and {num} dogs.
There were {num} other people in the {room}.
It was {factor}, more than anything else.
It was {factor}, and {factor} as well.
It wasn't {factor}, it was {factor}.
It was nobody's fault.
It made sense to me {when}.
It felt {adj} to ask {who}.
It {neg} feel like a secret.
It happened on a {day}, {num} days before {who} went to {org}.
It should have been a conversation, but it was a {thing}.
{filler}, it was {factor}.
{filler}, I {neg} know.
{filler}, I {adv} liked {who}.
{filler}, {who} {was} {feel}.
{filler}, {who} {neg} tell me {about}.
{filler}, we were {feel}, and {factor} made it worse.
{filler}, there were {big} cases and {num} of us.
{filler}, the {thing} {was} {adj}.
{filler}, {he} said yes, but {he} meant no.
{filler}, that was in {month}, or maybe {month}.
{filler}, I was at {org} from {time} until {time}.
Yes, I rang {who} {when}.
Yes, {who} {ed} me.
Yes, on {date}.
No, it was {day}, not {day}.
No, it was {who}, not {who}.
No, I {neg}.
No, not at all.
No, {who} {was} there.
No, never.
Yes, twice.
Not in {month}, no.
Right, and then what did you do?
Okay, so who rang {org}?
Sure, I can do that.
Exactly, that is what I thought.
I see, and what did {who} do next?
Of course, please go on.
If {who} {had} asked me, I would have said yes.
If we had read the {thing}, we would have known.
If {factor} had been better, I could have gone back.
When I put the phone down, I {was} {feel}.
When {who} {ed} me, I {neg} listen.
When we spoke on {day}, {he} said that {he} {neg} know.
Before {month}, {who} {was} at {school}.
After that, {who} {had} a {thing} from {org}.
By the time I read the {thing}, it was {month}.
Because of {factor}, I {neg} go.
She was a {adj} mother, and she loved her children.
He was a {adj} boy, and he loved football.
She was {feel}, but she was {adj} with the baby.
She {neg} look at me, and she held her {body}.
He {neg} like school, but he liked {who}.
He came in late, maybe {num} days a week, and he was always {adj}.
He was drinking again, and she was {feel} of him.
She told me the same story {when}.
She was the expert, and I was {feel}.
Her {kin} lived at number {big}, {street}.
Her {kin} had died in {month}, and she was {feel}.
His {kin} {was} living in {place}.
Their {kin} had the keys, and {he} {neg} give them back.
My friend {adult} listened, and that helped me.
What helped was {factor}, and my friend {adult}.
What I needed was a {thing}, not a {thing}.
Looking back, {who} {was} telling us.
Looking back, it was the {thing} that worried me.
Only {who} knew {about}.
Only her {kin} was there.
So I went to {org}, and I {ed} {who}.
So I made the {thing}, that same {day}.
And then I knew.
And then {who} {ed} {who}.
But {who} {was} {feel}, and {he} {neg} say.
But I {neg} ask {who}, and I should have.
That was the last time I saw {child}.
That was hard to say, and harder to hear.
That is the thing I {adv} think about.
He is {num} now, and he lives with his {kin} in {place}.
{num} weeks later, {who} rang {org}.
In {month} {year}, {who} was arrested in {place}.
In {month}, {child} started at {school}.
On {day} at {time}, I got a {thing} from {who}.
At {time}, {who} was still in the {room}.
{who}, {who} and {who} were all at the {thing}.
{month}, {month} and {month} were the worst.
{num}, {num}, {num} and {big}.
{day}, {day} and {day}.
""".strip().splitlines()

# What people say between the things they say: the small words, which a decoder mishears first. Strung together at random.
PHRASES = """
thank you|thank you for that|thank you all
thank you for your time|thank you for coming|good morning|good afternoon|good evening|before we start|before we go on
to start with|at the start|in the end|at the end of it|at the time|at that time|at first|for the first time
the first time|the last time|one more time|all the time|from time to time|take your time|in time|I want to say
I want you to know|I wanted to know|do you want to|did you want it|what I want is|who wanted to|as I said|I am sorry
I am not sure|I am here|I am a little late|I am the one|am I right|I am still angry|that I am|as I am|a little
a little more|a lot of it|a lot of people|a lot more|quite a lot|not a lot|a piece of it|a friend of us
you know that|you know what|did you know|came to know|I know her|I know him but|they know about it|who knew that
what was that like|what is it like|it looked like this|what did it look like|look at it|I look at him|looking at it
it felt like|it was like that|like her|like him|should be|should have been|it should|could be|could have been|would be
may as well|out of it|out of the house|out of time|find out|found out|I found out later|found it|on to the next
move on|moved on to|let's move|let's start with|let's take|can you take|take me to it|take it in|put it in|put it down
I put it there|when I put|when you go|go to her|go in|go on|go with him|go to it|went to see|went in|came in
came back to me|come to|come in today|come with me|came through|told them|told her that|told me that|they told us
told nobody|I told you|tell her|tell me|tell them about it|tells me|with a|with her|with him|with it|with them and
with that|agree with me|agree to it|do with that|down with it|without a|there was a|there was no|there was an
there is a|there is no|there were no|was there an|was there no|if there was|if there is|is that|is this|this is
this is not|this was|this is about you|about this|of this|that is|that is not|that is very|very good|it is|it is not
it is very hard|is it|was it|it was an|it was a|it was in|an older|an ear|an answer|an old one|an email|and I|and a
and an|and the|and then|and that|and also|and so|and it|and he|and she|and they|but he|but she|but they|but a|but I
so it|so he|so the|so did I|so did he|so then|not so|also in|also on|also the|on the|on a|on it|in a|in the|in it
in here|in that|to the|to a|to do it|to me|to him|to her|to them|to add to it|to ask|to know|to come|to be|to see
to talk|to give|to help you|for it|for him|for her|for them|for us|for you|for that|for me|of it|of him|of her|of them
of mine|of us|of you|of that|off it|that he|that she|that they|that I|that it|that the|that her|that his|that nobody
that somebody|those children|those two|those days|had to|had a|had no|had an|had her|had his|had it|had been to
have been|have a|have an|have no|have it|have to|you have to|did he|did she|did they|did it|did that|did the
did anybody go|did anybody else|do you|do they|do we|would you|would they|could you|would she|could she|should we
should they|what would you|what could he|who did he|who did she|who was it|where was it|how did he|how was it
how long was it|how many of them|how do you know|why did they|why was that|when was it|when did they|which was it
if he|he was in|he was a|he was not|he is|he had|he came|he told|he said no|he said what|she said|she said yes
she had|she came|she was not|she is|she knew another|they had|they were in|they were not|they are|we were
we are|we had|we had no|we saw|we saw her|we all|we talked|we got|you are|you are not|you were|you had|are you
were you|was I|as well|as big as|as long as|at all|at her|at him|at it|at the door|at the school|at the hospital
in the house|in the spring|in the evening|in the morning|in June|in year five|number four|her number|his number
by the time|by then|by her|from her|from him|from it|from the school|from Kelly|through it|another one|another day
a third one|the third|the other one|each other|one another|one of us|one of them|nobody else|anybody else|never again
never had|twice a week|later that day|later on|months later|years later|earlier|earlier that day|easier to say
harder to say|hard to hear|hard to know|help me|help him|helped them|for help|ask for it|ask her|asked him|asked them
asked for it|rang her|rang him|rang the school|rang me back|wrote it|wrote to them|written down|nothing written
not written|anything else|anything at all|something else|something like that|nothing at all|everything else|every day
every week|then he|then she|then they|then I cried|I cried|he cried|she cried|loved him|loved it|loved her
loved them all|doubted him|doubted her|no point|the point|what point|a good point|began to|began to see|hungry again
enough of it|not enough|good enough|old enough|too late|too many|two of them|to two|for four|four for you|here today
today|I hear you|I heard it|I only heard|I only know|only her|I noticed it|noticed that|he noticed her|making it
making a start|made it|made him|make a list|made no sense|lead on it|the lead|kind of|what kind|a kind boy|in May
may be|may not|maybe not|the sixth of May|in March|off sick|foolish
"""


# Words the sample conversations need which no pattern happens to use; also padding against guessing.
EXTRA_WORDS = """doubted children hope somebody tells loved piece third holding earlier easier add made one afternoon
accepted cried car referral lost weight house visited quiet stairs foolish agree until spoke bed fell hungry bruise arm
nowhere inside outside under over through between money door window shoes coat milk bottle toys food blanket dinner
breakfast water bus street neighbour shouting crying sleeping drinking smoking fighting lying hiding waiting walking
guess probably nothing everything anyone however although while since during without against towards across
medicine asthma appointment vaccine feeding nappies violence neglect abuse harm risk concern safety court order police
decision evidence pattern question answer reason truth lie secret promise mistake chance choice change
actually by completely er exactly honestly obviously okay perhaps shall um which whose why let's if not yes no""".split()  # noqa: SIM905 - a page of quotation marks would be harder to read
