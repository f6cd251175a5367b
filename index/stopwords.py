"""Words that carry no content, by language; accents folded, as the analysers see them.

Question words are kept out of the lexical search too: "how many" finds nothing that answers.
"""

STOPWORDS: dict[str, frozenset[str]] = {
    "en": frozenset(
        """
        a about above after again against all also although am among an and any are as at be because been
        before being below between both but by can could did do does doing down during each either else
        every for from further had has have having he her here hers herself him himself his how i if in into
        is it its itself just let like many may me might more most much must my myself no nor not now of off
        on once only or other our ours out over own per please same shall she should since so some such than
        that the their theirs them themselves then there these they this those through to too under until up
        upon us very was we were what when where whether which while who whom whose why will with within
        without would you your yours s t d ll re ve m tell
        """.split()  # noqa: SIM905 - read as a text, not as a list
    ),
    "es": frozenset(
        """
        a al algo algun alguna algunas alguno algunos ante antes aquel aquella aquellas aquellos asi aun
        aunque bajo bien cada casi como con contra cual cuales cualquier cuando cuanta cuantas cuanto
        cuantos cuya cuyas cuyo cuyos da dan de del desde dicha dicho donde durante e el ella ellas ellos en
        entre era eran eres es esa esas ese eso esos esta estan estar estas este esto estos fue fueron ha
        habia habian haber hace hacen hacia han hasta hay he i incluso la las le les lo los mas me mediante
        mi mientras mis misma mismo mucha muchas mucho muchos muy nada ni ningun ninguna no nos nosotros
        nuestra nuestras nuestro nuestros o os otra otras otro otros para pero poco por porque pues que
        quien quienes se sea sean segun ser si sido siempre sin sino so sobre solo son su sus tal tales
        tambien tampoco tan tanta tantas tanto tantos te tener tiene tienen toda todas todavia todo todos
        tras tu tus u un una unas uno unos usted ustedes va vamos van vos y ya yo dime
        """.split()  # noqa: SIM905 - read as a text, not as a list
    ),
}
