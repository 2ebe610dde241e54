"""First names that are common where English is spoken: whoever is called by another has to speak in the meeting."""

from services.recommendations.meetings.adapters.sentences import words

FIRST_NAMES = words(
    """
    aaron abby abdul adam adrian agnes ahmed aisha alan albert alex alexander alexandra alice alicia alison allison
    amanda amber amelia amina amir amit amy ana andrea andrew andy angela anita ann anna anne annie anthony antonio
    anya arjun arthur asha ashley audrey ava barbara barry beatrice becky bella ben benjamin bernard beth betty bill
    billy bob bobby bradley brandon brenda brian bridget bruce bryan caleb cameron carl carla carlos carmen carol
    caroline catherine cathy cecilia charles charlie charlotte chen chloe chris christina christine christopher chuck
    cindy claire clara clive colin connor courtney craig curtis cynthia daisy dale damian dan daniel danny daphne darren
    dave david dawn dean deborah debbie denise dennis derek dev diana diane diego dilip dinesh dmitri dominic donald donna dora
    doris dorothy doug douglas duncan dylan ed eddie edgar edith edward eileen elaine eleanor elena eli elizabeth ella
    ellen ellie elliot emily emma eric erica erin ernest esther ethan eva evan evelyn faith farah fatima felix fiona
    florence frances francesca francis frank fred freddie frederick gabriel gareth gary gavin gemma geoff george gerald
    gina gloria gordon graham greg gregory gwen hannah harold harriet harry hassan hazel heather hector helen helena
    henry holly howard hugh hugo ian ibrahim imran ingrid irene iris isaac isabel isabella isla ivan ivy jack jackie
    jackson jacob jade jake james jamie jan jane janet janice jasmine jason javier jay jean jeff jeffrey jen jennifer
    jenny jeremy jerry jess jessica jill jim jimmy jin joan joanna joanne jodie joe joel john johnny jon jonathan
    jordan jorge jose joseph josh joshua joy joyce juan judith judy julia julian julie june justin karen karl kate katherine
    kathleen kathy katie keith kelly ken kenneth kenji kerry kevin kim kirsty kumar kyle lara larry laura lauren lawrence
    layla lee leila lena leo leon leonard lesley leslie lewis liam lily linda lisa liz lizzie logan lola lorraine louis
    louise lucas lucia lucy luis luke lydia lynn maggie malcolm mandy marcus margaret maria marie marina mario marion
    marjorie marta martha martin marvin mary mateo matt matthew maureen max maya megan mei melanie melissa mercedes meredith
    mia michael michelle miguel mike mikhail mila miles miranda miriam mohamed mohammed moira molly monica morgan
    muhammad muriel nadia nancy naomi natalia natalie natasha nathan neil nick nicholas nicola nicole nigel nikhil nina noah nora
    norma norman olga oliver olivia omar oscar owen pablo pam pamela pat patricia patrick paul paula pauline pedro peggy
    penny pete peter phil philip philippa phoebe polly priya rachel raj rajesh ralph ramesh raquel ravi ray raymond rebecca
    reggie rhys ricardo richard rick rita rob robert roberto robin rodney roger ron ronald rory rosa rosemary rosie ross roy
    ruben rupert russell ruth ryan sabrina sadie sally sam samantha samir samuel sana sandra sanjay sara sarah scott sean
    sebastian selina sergei shane sharon shaun sheila shirley sid simon sofia sonia sophia sophie stacy stan stella
    stephanie stephen steve steven stewart stuart sue sunil susan suzanne sven sylvia tamara tanya tara ted teresa terry tess
    theo theresa thomas tim timothy tina toby todd tom tommy tony tracy trevor tyler valerie vanessa vera veronica vicky
    victor victoria vijay vincent violet virginia vivian walter wanda wayne wendy wesley will william wilma winston xavier
    yasmin yusuf yuki yvonne zach zachary zara zoe
    """
)
