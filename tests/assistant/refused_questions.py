"""Questions that the seed documents do not answer, by what they are about: what people would sort onto one heap."""

from __future__ import annotations

REFUSED: dict[str, tuple[str, ...]] = {
    "mongolia": (
        "What is the capital of Mongolia?",
        "¿Cuál es la capital de Mongolia?",
        "How many people live in Mongolia?",
    ),
    "mercury": (
        "How much mercury is found in fish of the Madre de Dios river?",
        "¿Cuánto mercurio hay en los peces de Madre de Dios?",
        "Is mercury in fish dangerous for riverside villages?",
        "¿Qué efectos tiene el mercurio en la salud de las comunidades?",
    ),
    "lithium": (
        "Where is lithium mined in Peru?",
        "¿Dónde están las minas de litio en Puno?",
        "Who owns the lithium deposits?",
    ),
    "vaccines": (
        "Which vaccines are given to children in Loreto?",
        "¿Qué vacunas reciben los niños en Loreto?",
        "How many children were vaccinated against measles?",
    ),
    "salaries": (
        "How much does a park ranger earn?",
        "¿Cuánto gana un guardaparque al mes?",
        "What is the monthly salary of a park ranger?",
    ),
    "dams": (
        "Which hydroelectric dams are planned on the Marañón?",
        "¿Qué represas hidroeléctricas se construirán en el río Marañón?",
        "How many dams will be built?",
    ),
    "malaria": (
        "How many malaria cases were reported last year?",
        "¿Cuántos casos de malaria hubo el año pasado?",
    ),
    "football": (
        "Who won the World Cup in 1998?",
        "¿Quién ganó el Mundial de 1998?",
        "Which team won the Copa América?",
    ),
    "bridge": (
        "When was the bridge at Nanay opened?",
        "¿Cuándo se inauguró el puente Nanay?",
    ),
    "jaguar": (
        "How many jaguars live in the reserve?",
        "¿Cuántos jaguares viven en la reserva?",
        "What do jaguars eat?",
    ),
    "coffee": (
        "What is the price of organic coffee?",
        "¿A cuánto se vende el café orgánico?",
        "Which cooperatives export coffee?",
    ),
    "wifi": ("What is the wifi password?",),
    "pizza": ("How do I bake a pizza?",),
    "school": (
        "¿Cuándo empiezan las clases en las escuelas bilingües?",
        "When does school start in bilingual schools?",
    ),
    "pipeline": (
        "How many oil spills did the northern pipeline have?",
        "¿Cuántos derrames de petróleo tuvo el Oleoducto Norperuano?",
        "Who pays for cleaning up the oil spill?",
    ),
}

# Nearer to one another and to the documents; written after the threshold was chosen on those above.
NEARER: dict[str, tuple[str, ...]] = {
    "carbon": (
        "How much do communities earn from carbon credits?",
        "¿Cuánto reciben las comunidades por los bonos de carbono?",
        "Who buys the carbon credits?",
    ),
    "titles": (
        "How many land titles were issued in San Martín?",
        "¿Cuántos títulos de propiedad se entregaron en San Martín?",
        "How long does it take to title a community?",
    ),
    "fines": (
        "What is the fine for illegal logging?",
        "¿De cuánto es la multa por tala ilegal?",
        "How many years in prison does illegal logging carry?",
    ),
    "gold": (
        "What is the price of gold per ounce?",
        "¿A cuánto está la onza de oro?",
    ),
    "roads": (
        "Which road is being built through the Yavarí?",
        "¿Qué carretera se construye por el Yavarí?",
        "When will the road to Iñapari be paved?",
    ),
    "defenders": (
        "How many environmental defenders were murdered in Colombia?",
        "¿Cuántos defensores ambientales fueron asesinados en Colombia?",
    ),
    "drones": (
        "What brand of drones do the forest monitors use?",
        "¿Qué marca de drones usan los monitores?",
        "How long does the battery of a drone last?",
    ),
    "satellites": (
        "Which satellite takes the images of deforestation?",
        "¿Qué satélite toma las imágenes de la deforestación?",
    ),
    "elections": (
        "Who won the regional elections in Ucayali?",
        "¿Quién ganó las elecciones regionales en Ucayali?",
    ),
    "university": (
        "Which university trains environmental prosecutors?",
        "¿Qué universidad forma a los fiscales ambientales?",
    ),
    "fishing": (
        "When is the closed season for paiche fishing?",
        "¿Cuándo es la veda del paiche?",
    ),
    "internet": (
        "Which villages have internet?",
        "¿Qué comunidades tienen internet?",
        "How fast is the internet in the communities?",
    ),
    "water": (
        "Who treats the drinking water in Pucallpa?",
        "¿Quién trata el agua potable de Pucallpa?",
    ),
}
